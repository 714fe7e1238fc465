//! What stands in a node, escaped for DOT.

use std::collections::HashMap;
use std::fmt::Write;

use super::{Names, Style};
use crate::op::{Copy, Direction, Fill, Host, Launch, Op, Rect};

/// A name longer than this loses its beginning, unless all is shown.
const NAME_LETTERS: usize = 40;

/// Parameters are shown up to this many bytes.
const PARAMETER_BYTES: usize = 64;

/// Makes labels, and remembers the names of functions.
pub(super) struct Labels<'a> {
    pub(super) verbose: bool,
    sideways: bool,
    names: Names<'a>,
    /// Escaped, by handle.
    known: HashMap<u64, String>,
    text: String,
}

impl<'a> Labels<'a> {
    pub(super) fn new(style: &Style, names: Names<'a>) -> Labels<'a> {
        let Style { verbose, sideways, .. } = *style;
        Labels { verbose, sideways, names, known: HashMap::new(), text: String::new() }
    }

    /// The label of an op, escaped: a record's when all is shown.
    pub(super) fn op(&mut self, number: u64, op: &Op, args: &[u8]) -> &str {
        self.text.clear();
        // Writing to a string cannot fail.
        let _ = if self.verbose { self.table(number, op, args) } else { self.short(number, op, args) };
        &self.text
    }

    fn short(&mut self, number: u64, op: &Op, args: &[u8]) -> std::fmt::Result {
        let Labels { names, known, text, .. } = self;
        match op {
            Op::Empty => write!(text, "{number}"),
            Op::Launch(launch) => {
                let handle = launch.function;
                text.push_str(known.entry(handle).or_insert_with(|| short_name(names(handle), handle)));
                text.push_str("\\n<<<");
                dimensions(text, launch.grid)?;
                text.push_str(", ");
                dimensions(text, launch.block.map(u32::from))?;
                text.push_str(">>>");
                Ok(())
            }
            Op::Copy(copy) => {
                text.push_str(direction(copy));
                text.push_str("\\n");
                size(text, copy.bytes)
            }
            Op::Write(write) => {
                text.push_str("copy HtoD\\n");
                size(text, write.args.bytes.into())
            }
            Op::CopyRect(_) => match Rect::decode(args) {
                Some(r) => write!(text, "copy rows\\n{} x {} x {}", r.width_bytes, r.height, r.depth),
                None => write!(text, "copy rows"),
            },
            Op::Fill(fill) => {
                write!(text, "fill {:#x}\\n", fill.value)?;
                size(text, fill_bytes(fill))
            }
            Op::Host(host) => {
                let handle = host.function;
                text.push_str("host\\n");
                text.push_str(known.entry(handle).or_insert_with(|| short_name(names(handle), handle)));
                Ok(())
            }
            Op::EventRecord { event, .. } => write!(text, "record\\nevent {event:#x}"),
            Op::EventWait { event } => write!(text, "wait\\nevent {event:#x}"),
            Op::Graph { nodes, .. } => write!(text, "graph\\n{nodes} nodes"),
        }
    }

    /// A title over two columns.
    fn table(&mut self, number: u64, op: &Op, args: &[u8]) -> std::fmt::Result {
        let mut rows: Vec<(&str, String)> = Vec::new();
        let mut row = |key, value: String| rows.push((key, value));
        let title = match op {
            Op::Launch(l) => {
                launch_rows(l, args, &mut row);
                (self.names)(l.function).unwrap_or_else(|| format!("{:#x}", l.function))
            }
            Op::Copy(c) => {
                row("from", format!("{:#x}", c.from));
                row("to", format!("{:#x}", c.to));
                row("bytes", c.bytes.to_string());
                direction(c).to_owned()
            }
            Op::Write(w) => {
                row("from", format!("{:#x}", w.from));
                row("to", format!("{:#x}", w.to));
                row("bytes", w.args.bytes.to_string());
                "copy HtoD, staged".to_owned()
            }
            Op::CopyRect(_) => {
                rect_rows(args, &mut row);
                "copy rows".to_owned()
            }
            Op::Fill(f) => {
                row("to", format!("{:#x}", f.to));
                row("value", format!("{:#x}", f.value));
                row("elements", format!("{} x {} of {} bytes", f.width, f.height, f.element_bytes));
                row("pitch", f.pitch.to_string());
                "fill".to_owned()
            }
            Op::Host(h) => {
                row("function", format!("{:#x}", h.function));
                row("data", format!("{:#x}", h.data));
                row("form", if h.form == Host::CALLBACK { "callback" } else { "plain" }.to_owned());
                (self.names)(h.function).unwrap_or_else(|| "host".to_owned())
            }
            Op::EventRecord { event, .. } | Op::EventWait { event } => {
                row("event", format!("{event:#x}"));
                op.kind().to_owned()
            }
            Op::Graph { graph, nodes } => {
                row("graph", format!("{graph:#x}"));
                row("nodes", nodes.to_string());
                "graph".to_owned()
            }
            Op::Empty => op.kind().to_owned(),
        };
        // Braces turn a record's fields round; sideways they lie as they should without.
        let (open, close) = if self.sideways { ("", "") } else { ("{", "}") };
        write!(self.text, "{open}{number}: {}", record(&title))?;
        if !rows.is_empty() {
            self.text.push_str("|{");
            rows.iter().try_for_each(|(key, _)| write!(self.text, "{key}\\l"))?;
            self.text.push('|');
            rows.iter().try_for_each(|(_, value)| write!(self.text, "{}\\l", record(value)))?;
            self.text.push('}');
        }
        self.text.push_str(close);
        Ok(())
    }
}

fn launch_rows(launch: &Launch, args: &[u8], row: &mut impl FnMut(&'static str, String)) {
    let times = |d: [u32; 3]| format!("{} x {} x {}", d[0], d[1], d[2]);
    row("function", format!("{:#x}", launch.function));
    row("grid", times(launch.grid));
    row("block", times(launch.block.map(u32::from)));
    row("shared", format!("{} bytes", launch.shared_bytes));
    if launch.flags & Launch::COOPERATIVE != 0 {
        row("flags", "cooperative".to_owned());
    }
    for (place, word) in args.chunks(8).enumerate().take(PARAMETER_BYTES / 8) {
        let key = if place == 0 { "parameters" } else { "" };
        let value = word.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        row(key, format!("+{}: {value:#0width$x}", place * 8, width = 2 + 2 * word.len()));
    }
    if args.len() > PARAMETER_BYTES {
        row("", format!("and {} bytes", args.len() - PARAMETER_BYTES));
    }
}

fn rect_rows(args: &[u8], row: &mut impl FnMut(&'static str, String)) {
    let Some(r) = Rect::decode(args) else { return };
    row("from", format!("{:#x}, pitch {}, slice {}", r.from, r.from_pitch, r.from_slice));
    row("to", format!("{:#x}, pitch {}, slice {}", r.to, r.to_pitch, r.to_slice));
    row("rows", format!("{} bytes x {} x {}", r.width_bytes, r.height, r.depth));
}

fn direction(copy: &Copy) -> &'static str {
    match copy.direction {
        Direction::HostToHost => "copy HtoH",
        Direction::HostToDevice => "copy HtoD",
        Direction::DeviceToHost => "copy DtoH",
        Direction::DeviceToDevice => "copy DtoD",
        Direction::PeerToPeer => "copy peer",
        Direction::Unified => "copy",
    }
}

fn fill_bytes(fill: &Fill) -> u64 {
    fill.width.saturating_mul(fill.height).saturating_mul(fill.element_bytes.into())
}

/// As few numbers as say it: trailing ones are left out.
fn dimensions(text: &mut String, d: [u32; 3]) -> std::fmt::Result {
    match d {
        [x, 1, 1] => write!(text, "{x}"),
        [x, y, 1] => write!(text, "{x}x{y}"),
        [x, y, z] => write!(text, "{x}x{y}x{z}"),
    }
}

/// Bytes in the largest unit that keeps the number above one.
fn size(text: &mut String, bytes: u64) -> std::fmt::Result {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let log = bytes.max(1).ilog2() as usize / 10;
    let Some(unit) = log.checked_sub(1).map(|at| UNITS[at]) else { return write!(text, "{bytes} B") };
    let tenths = (u128::from(bytes) * 10) >> (10 * log);
    match tenths % 10 {
        0 => write!(text, "{} {unit}", tenths / 10),
        rest => write!(text, "{}.{rest} {unit}", tenths / 10),
    }
}

fn short_name(name: Option<String>, handle: u64) -> String {
    let Some(name) = name else { return format!("{handle:#x}") };
    let plain = source_name(&name).unwrap_or(name);
    let letters = plain.chars().count();
    let cut: String = match letters > NAME_LETTERS {
        true => std::iter::once('…').chain(plain.chars().skip(letters - NAME_LETTERS + 1)).collect(),
        false => plain,
    };
    quoted(&cut)
}

/// The name as the source has it, of a mangled C++ name: without parameters and template arguments.
fn source_name(mangled: &str) -> Option<String> {
    let mut rest = mangled.strip_prefix("_Z")?;
    rest = rest.strip_prefix('N').unwrap_or(rest);
    let mut parts: Vec<&str> = Vec::new();
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(length) = rest[..digits].parse::<usize>() else { break };
        let part = rest.get(digits..digits.checked_add(length)?)?;
        if !part.starts_with("_GLOBAL__N") {
            parts.push(part);
        }
        rest = &rest[digits + length..];
    }
    if parts.is_empty() { None } else { Some(parts.join("::")) }
}

/// An edge's data: its two ports and its type, and the other bytes where there are any.
pub(super) fn edge(data: [u8; 8]) -> String {
    let [from, to, kind, rest @ ..] = data;
    let mut text = format!("{from}:{to} type {kind}");
    if rest != [0; 5] {
        text.push_str(&format!(" {rest:?}"));
    }
    text
}

/// Escaped for a quoted label.
pub(super) fn quoted(text: &str) -> String {
    escape(text, "")
}

/// Escaped for a quoted record label.
fn record(text: &str) -> String {
    escape(text, "{}|<>")
}

fn escape(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\n' => escaped.push_str("\\n"),
            '"' | '\\' => escaped.extend(['\\', letter]),
            _ if special.contains(letter) => escaped.extend(['\\', letter]),
            _ if letter.is_control() => escaped.push(' '),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal_where_it_says_something() {
        let text = |bytes| {
            let mut text = String::new();
            size(&mut text, bytes).map(|()| text).unwrap()
        };
        let cases = [0, 1, 1023, 1024, 1536, 1 << 20, (1 << 30) - 1, 5 << 40, u64::MAX].map(text);
        let expect = ["0 B", "1 B", "1023 B", "1 KiB", "1.5 KiB", "1 MiB", "1023.9 MiB", "5 TiB", "15.9 EiB"];
        assert_eq!(cases, expect);
    }

    #[test]
    fn mangled_names_lose_all_but_the_name() {
        let cases = [
            ("_Z5saxpyfPfS_i", Some("saxpy")),
            ("_Z4axpyIfEvT_PS0_", Some("axpy")),
            ("_ZN2at6native13reduce_kernelILi512ELi1EEEvi", Some("at::native::reduce_kernel")),
            ("_ZN12_GLOBAL__N_14fillEPi", Some("fill")),
            ("saxpy", None),
            ("_Z", None),
            ("_Z99short", None),
            ("_Z99999999999999999999999x", None),
            ("_Z3é", None),
        ];
        for (mangled, expect) in cases {
            assert_eq!(source_name(mangled).as_deref(), expect, "{mangled}");
        }
    }

    #[test]
    fn long_names_keep_their_end() {
        let name = short_name(Some("ä".repeat(60) + "end\""), 0);
        assert_eq!(name, format!("…{}end\\\"", "ä".repeat(35)));
        assert_eq!(short_name(None, 0x10), "0x10");
    }

    #[test]
    fn what_dot_would_read_is_escaped() {
        assert_eq!(quoted("a\"b\\c\nd\te{|}<>"), "a\\\"b\\\\c\\nd e{|}<>");
        assert_eq!(record("{a|b}<c>\"\\"), "\\{a\\|b\\}\\<c\\>\\\"\\\\");
    }
}
