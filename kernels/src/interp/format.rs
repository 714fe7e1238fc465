//! `printf` of device code, as the C standard has it.

/// A piece of a format string.
pub enum Piece<'f> {
    /// As it stands.
    Text(&'f [u8]),
    /// A value.
    Value(Directive),
}

/// `%-08.3lf`
#[derive(Clone, Copy, Debug, Default)]
pub struct Directive {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    /// The width is an argument.
    pub width_argument: bool,
    /// The precision is an argument.
    pub precision_argument: bool,
    /// Bits of an integer.
    size: u32,
    /// The letter.
    pub conversion: u8,
}

/// Widest field.
const MOST_WIDTH: usize = 4096;

/// The pieces of a format string. What is no directive is text.
pub fn pieces(format: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while !rest.is_empty() {
        let text = rest.iter().position(|&byte| byte == b'%').unwrap_or(rest.len());
        if text > 0 {
            pieces.push(Piece::Text(&rest[..text]));
            rest = &rest[text..];
            continue;
        }
        if rest.get(1) == Some(&b'%') {
            pieces.push(Piece::Text(&rest[..1]));
            rest = &rest[2..];
            continue;
        }
        match directive(&rest[1..]) {
            Some((directive, length)) => {
                pieces.push(Piece::Value(directive));
                rest = &rest[1 + length..];
            }
            None => {
                pieces.push(Piece::Text(&rest[..1]));
                rest = &rest[1..];
            }
        }
    }
    pieces
}

fn number(text: &[u8], at: &mut usize) -> usize {
    let mut value = 0usize;
    while let Some(digit) = text.get(*at).filter(|byte| byte.is_ascii_digit()) {
        value = (value * 10 + usize::from(digit - b'0')).min(MOST_WIDTH);
        *at += 1;
    }
    value
}

/// A directive behind its `%`, and how long it is.
fn directive(text: &[u8]) -> Option<(Directive, usize)> {
    let mut directive = Directive { size: 32, ..Directive::default() };
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'-' => directive.left = true,
            b'+' => directive.plus = true,
            b' ' => directive.space = true,
            b'#' => directive.alternate = true,
            b'0' => directive.zero = true,
            _ => break,
        }
        at += 1;
    }
    if text.get(at) == Some(&b'*') {
        directive.width_argument = true;
        at += 1;
    } else {
        directive.width = number(text, &mut at);
    }
    if text.get(at) == Some(&b'.') {
        at += 1;
        if text.get(at) == Some(&b'*') {
            directive.precision_argument = true;
            at += 1;
        } else {
            directive.precision = Some(number(text, &mut at));
        }
    }
    loop {
        directive.size = match text.get(at)? {
            b'h' if directive.size == 16 => 8,
            b'h' => 16,
            b'l' | b'j' | b'z' | b't' | b'L' | b'q' => 64,
            _ => break,
        };
        at += 1;
    }
    directive.conversion = *text.get(at)?;
    let known = b"diouxXcspeEfFgGaA".contains(&directive.conversion);
    known.then_some((directive, at + 1))
}

impl Directive {
    /// Bytes of its argument: promoted as C does.
    pub fn bytes(&self) -> u64 {
        match self.conversion {
            b's' | b'p' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => 8,
            b'c' => 4,
            _ if self.size == 64 => 8,
            _ => 4,
        }
    }

    /// With width and precision that came as arguments.
    pub fn with(mut self, width: Option<i32>, precision: Option<i32>) -> Self {
        if let Some(width) = width {
            self.left |= width < 0;
            self.width = (width.unsigned_abs() as usize).min(MOST_WIDTH);
        }
        if let Some(precision) = precision {
            self.precision = usize::try_from(precision).ok().map(|precision| precision.min(MOST_WIDTH));
        }
        self
    }

    /// Appends a value.
    pub fn write(&self, value: u64, text: &[u8], out: &mut Vec<u8>) {
        match self.conversion {
            b'c' => self.pad(&[], &[value as u8], false, out),
            // As the C library has it: not a part of these.
            b's' if value == 0 && self.precision.is_none_or(|precision| precision >= 6) => {
                self.pad(&[], b"(null)", false, out);
            }
            b's' => {
                let length = self.precision.map_or(text.len(), |precision| precision.min(text.len()));
                self.pad(&[], &text[..length], false, out);
            }
            b'p' if value == 0 => self.pad(&[], b"(nil)", false, out),
            b'p' => self.pad(b"0x", format!("{value:x}").as_bytes(), false, out),
            b'd' | b'i' => self.signed(value, out),
            b'o' | b'u' | b'x' | b'X' => self.unsigned(value, out),
            _ => self.float(f64::from_bits(value), out),
        }
    }

    fn pad(&self, prefix: &[u8], body: &[u8], zeros: bool, out: &mut Vec<u8>) {
        let missing = self.width.saturating_sub(prefix.len() + body.len());
        let fill = |out: &mut Vec<u8>, byte: u8| out.resize(out.len() + missing, byte);
        if !self.left && !zeros {
            fill(out, b' ');
        }
        out.extend_from_slice(prefix);
        if !self.left && zeros {
            fill(out, b'0');
        }
        out.extend_from_slice(body);
        if self.left {
            fill(out, b' ');
        }
    }

    fn sign(&self, negative: bool) -> &'static [u8] {
        match (negative, self.plus, self.space) {
            (true, ..) => b"-",
            (_, true, _) => b"+",
            (_, _, true) => b" ",
            _ => b"",
        }
    }

    fn digits(&self, digits: String) -> String {
        match self.precision {
            Some(0) if digits == "0" => String::new(),
            Some(precision) => format!("{digits:0>precision$}"),
            None => digits,
        }
    }

    fn signed(&self, value: u64, out: &mut Vec<u8>) {
        let shift = 64 - self.size;
        let value = (value << shift) as i64 >> shift;
        let digits = self.digits(value.unsigned_abs().to_string());
        self.pad(self.sign(value < 0), digits.as_bytes(), self.zero && self.precision.is_none(), out);
    }

    fn unsigned(&self, value: u64, out: &mut Vec<u8>) {
        let shift = 64 - self.size;
        let value = value << shift >> shift;
        let digits = match self.conversion {
            b'o' => format!("{value:o}"),
            b'x' => format!("{value:x}"),
            b'X' => format!("{value:X}"),
            _ => value.to_string(),
        };
        let mut digits = self.digits(digits);
        let prefix: &[u8] = match self.conversion {
            b'x' if self.alternate && value != 0 => b"0x",
            b'X' if self.alternate && value != 0 => b"0X",
            _ => b"",
        };
        if self.alternate && self.conversion == b'o' && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        self.pad(prefix, digits.as_bytes(), self.zero && self.precision.is_none(), out);
    }

    fn float(&self, value: f64, out: &mut Vec<u8>) {
        let sign = self.sign(value.is_sign_negative());
        let size = value.abs();
        let upper = self.conversion.is_ascii_uppercase();
        let case = |text: String| if upper { text.to_uppercase() } else { text };
        if !size.is_finite() {
            let text = case(if size.is_nan() { "nan".to_owned() } else { "inf".to_owned() });
            return self.pad(sign, text.as_bytes(), false, out);
        }
        let precision = self.precision.unwrap_or(6);
        let body = match self.conversion.to_ascii_lowercase() {
            b'f' if precision == 0 && self.alternate => format!("{size:.0}."),
            b'f' => format!("{size:.precision$}"),
            b'e' => exponent(size, precision, self.alternate),
            b'g' => self.general(size, precision.max(1)),
            _ => return self.hexadecimal(size, sign, out),
        };
        self.pad(sign, case(body).as_bytes(), self.zero, out);
    }

    fn general(&self, size: f64, precision: usize) -> String {
        let scientific = exponent(size, precision - 1, self.alternate);
        let power: i32 = scientific.rsplit('e').next().and_then(|power| power.parse().ok()).unwrap_or(0);
        if power < -4 || power >= precision as i32 {
            if self.alternate {
                return scientific;
            }
            let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
            return format!("{}e{power}", strip(digits));
        }
        let places = (precision as i32 - 1 - power).max(0) as usize;
        let plain = format!("{size:.places$}");
        match self.alternate {
            true if places == 0 => plain + ".",
            true => plain,
            false => strip(&plain).to_owned(),
        }
    }

    fn hexadecimal(&self, size: f64, sign: &[u8], out: &mut Vec<u8>) {
        let bits = size.to_bits();
        let (mut lead, mut power) = (1u64, (bits >> 52) as i32 - 1023);
        let mut fraction = bits & ((1 << 52) - 1);
        if bits >> 52 == 0 {
            (lead, power) = (0, if fraction == 0 { 0 } else { -1022 });
        }
        let mut digits = 13;
        if let Some(precision) = self.precision.filter(|&precision| precision < 13) {
            let drop = (13 - precision as u32) * 4;
            let whole = lead << 52 | fraction;
            let (kept, rest) = (whole >> drop, whole & ((1 << drop) - 1));
            let half = 1u64 << (drop - 1);
            let kept = kept + u64::from(rest > half || (rest == half && kept & 1 == 1));
            (lead, fraction) = (kept << drop >> 52, kept << drop & ((1 << 52) - 1));
            digits = precision;
        }
        let mut hex = format!("{fraction:013x}");
        hex.truncate(digits);
        match self.precision {
            None => hex.truncate(hex.trim_end_matches('0').len()),
            Some(precision) => hex = format!("{hex:0<precision$}"),
        }
        let point = if hex.is_empty() && !self.alternate { "" } else { "." };
        let mut body = format!("{lead}{point}{hex}p{power:+}");
        let mut prefix = [sign, b"0x"].concat();
        if self.conversion == b'A' {
            body = body.to_uppercase();
            prefix.make_ascii_uppercase();
        }
        self.pad(&prefix, body.as_bytes(), self.zero, out);
    }
}

/// `1.5e+00`
fn exponent(size: f64, precision: usize, point: bool) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    let point = if precision == 0 && point { "." } else { "" };
    format!("{digits}{point}e{sign}{:02}", power.abs())
}

/// Without zeros at the end of a fraction.
fn strip(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}
