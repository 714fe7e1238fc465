//! What stands in a node, escaped for DOT.

use std::collections::HashMap;
use std::fmt::Write;

use super::{Names, Style};
use crate::op::{Copy, Direction, Fill, Host, Launch, Op, Rect};

/// A name longer than this loses its beginning, unless all is shown.
const NAME_LETTERS: usize = 32;

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
    rows: Rows,
}

impl<'a> Labels<'a> {
    pub(super) fn new(style: &Style, names: Names<'a>) -> Labels<'a> {
        let Style { verbose, sideways, .. } = *style;
        Labels { verbose, sideways, names, known: HashMap::new(), text: String::new(), rows: Rows::default() }
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
            Op::Empty => {
                decimal(text, number);
                Ok(())
            }
            Op::Launch(launch) => {
                let handle = launch.function;
                text.push_str(known.entry(handle).or_insert_with(|| short_name(names(handle), handle)));
                text.push_str("\\n<<<");
                dimensions(text, launch.grid);
                text.push_str(", ");
                dimensions(text, launch.block.map(u32::from));
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
        let Labels { names, known, text, rows, .. } = self;
        rows.clear();
        let title = match op {
            Op::Launch(launch) => {
                launch_rows(rows, launch, args)?;
                full_name(known, *names, launch.function)
            }
            Op::Host(host) => {
                rows.row("function", format_args!("{:#x}", host.function))?;
                rows.row("data", format_args!("{:#x}", host.data))?;
                rows.row(
                    "form",
                    format_args!("{}", if host.form == Host::CALLBACK { "callback" } else { "plain" }),
                )?;
                full_name(known, *names, host.function)
            }
            other => plain_rows(rows, other, args)?,
        };
        // Braces turn a record's fields round; sideways they lie as they should without.
        let (open, close) = if self.sideways { ("", "") } else { ("{", "}") };
        text.push_str(open);
        decimal(text, number);
        text.push_str(": ");
        text.push_str(title);
        if !rows.keys.is_empty() {
            text.extend(["|{", &rows.keys, "|", &rows.values, "}"]);
        }
        text.push_str(close);
        Ok(())
    }
}

/// Two columns of a record, each as it is written. Only numbers and words of ours go in.
#[derive(Default)]
struct Rows {
    keys: String,
    values: String,
}

impl Rows {
    fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    fn row(&mut self, key: &str, value: std::fmt::Arguments<'_>) -> std::fmt::Result {
        self.keys.extend([key, "\\l"]);
        self.values.write_fmt(value)?;
        self.values.push_str("\\l");
        Ok(())
    }
}

fn full_name<'a>(known: &'a mut HashMap<u64, String>, names: Names<'_>, handle: u64) -> &'a str {
    known.entry(handle).or_insert_with(|| match names(handle) {
        Some(name) => escape(&name, "{}|<>"),
        None => format!("{handle:#x}"),
    })
}

fn launch_rows(rows: &mut Rows, launch: &Launch, args: &[u8]) -> std::fmt::Result {
    let [[x, y, z], [i, j, k]] = [launch.grid, launch.block.map(u32::from)];
    rows.row("function", format_args!("{:#x}", launch.function))?;
    rows.row("grid", format_args!("{x} x {y} x {z}"))?;
    rows.row("block", format_args!("{i} x {j} x {k}"))?;
    rows.row("shared", format_args!("{} bytes", launch.shared_bytes))?;
    if launch.flags & Launch::COOPERATIVE != 0 {
        rows.row("flags", format_args!("cooperative"))?;
    }
    for (place, word) in args.chunks(8).enumerate().take(PARAMETER_BYTES / 8) {
        let key = if place == 0 { "parameters" } else { "" };
        let value = word.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        rows.row(key, format_args!("+{}: {value:#0width$x}", place * 8, width = 2 + 2 * word.len()))?;
    }
    if args.len() > PARAMETER_BYTES {
        rows.row("", format_args!("and {} bytes", args.len() - PARAMETER_BYTES))?;
    }
    Ok(())
}

/// The rows of all ops without a name, and their title.
fn plain_rows(rows: &mut Rows, op: &Op, args: &[u8]) -> Result<&'static str, std::fmt::Error> {
    match op {
        Op::Copy(copy) => {
            rows.row("from", format_args!("{:#x}", copy.from))?;
            rows.row("to", format_args!("{:#x}", copy.to))?;
            rows.row("bytes", format_args!("{}", copy.bytes))?;
            return Ok(direction(copy));
        }
        Op::Write(write) => {
            rows.row("from", format_args!("{:#x}", write.from))?;
            rows.row("to", format_args!("{:#x}", write.to))?;
            rows.row("bytes", format_args!("{}", write.args.bytes))?;
            return Ok("copy HtoD, staged");
        }
        Op::CopyRect(_) => {
            if let Some(r) = Rect::decode(args) {
                rows.row(
                    "from",
                    format_args!("{:#x}, pitch {}, slice {}", r.from, r.from_pitch, r.from_slice),
                )?;
                rows.row("to", format_args!("{:#x}, pitch {}, slice {}", r.to, r.to_pitch, r.to_slice))?;
                rows.row("rows", format_args!("{} bytes x {} x {}", r.width_bytes, r.height, r.depth))?;
            }
            return Ok("copy rows");
        }
        Op::Fill(fill) => {
            let Fill { width, height, element_bytes, .. } = fill;
            rows.row("to", format_args!("{:#x}", fill.to))?;
            rows.row("value", format_args!("{:#x}", fill.value))?;
            rows.row("elements", format_args!("{width} x {height} of {element_bytes} bytes"))?;
            rows.row("pitch", format_args!("{}", fill.pitch))?;
        }
        Op::EventRecord { event, .. } | Op::EventWait { event } => {
            rows.row("event", format_args!("{event:#x}"))?;
        }
        Op::Graph { graph, nodes } => {
            rows.row("graph", format_args!("{graph:#x}"))?;
            rows.row("nodes", format_args!("{nodes}"))?;
        }
        Op::Empty | Op::Launch(_) | Op::Host(_) => {}
    }
    Ok(op.kind())
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
fn dimensions(text: &mut String, d: [u32; 3]) {
    let shown = 1 + d.iter().rposition(|&number| number != 1).unwrap_or(0);
    for (place, &number) in d[..shown].iter().enumerate() {
        text.push_str(if place == 0 { "" } else { "x" });
        decimal(text, number.into());
    }
}

/// A number in decimal: drawings of large graphs are mostly numbers, and `write!` takes its time.
pub(super) fn decimal(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len() - 1;
    while number > 9 {
        digits[at] += (number % 10) as u8;
        number /= 10;
        at -= 1;
    }
    digits[at] += number as u8;
    text.push_str(str::from_utf8(&digits[at..]).unwrap_or_default());
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
    fn numbers_are_written_as_ever() {
        for number in [0, 9, 10, 12_345, u64::from(u32::MAX), u64::MAX] {
            let mut text = String::new();
            decimal(&mut text, number);
            assert_eq!(text, number.to_string());
        }
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
        assert_eq!(name, format!("…{}end\\\"", "ä".repeat(27)));
        assert_eq!(short_name(None, 0x10), "0x10");
    }

    #[test]
    fn what_dot_would_read_is_escaped() {
        assert_eq!(quoted("a\"b\\c\nd\te{|}<>"), "a\\\"b\\\\c\\nd e{|}<>");
        assert_eq!(escape("{a|b}<c>\"\\", "{}|<>"), "\\{a\\|b\\}\\<c\\>\\\"\\\\");
    }
}
