//! PTX text as an image: told from other bytes by its first word, decoded for the parser.

use super::Error;
use std::borrow::Cow;

/// How far the search for `.target` goes; both directives stand at the head of a module.
const HEAD_BYTES: usize = 64 * 1024;

/// The first word of `.target`, `sm_80`.
///
/// # Errors
/// Bytes that do not start with a directive, after blanks and comments.
pub(super) fn target(bytes: &[u8]) -> Result<String, Error> {
    let text = without_nul(bytes);
    let start = skip_blanks(text);
    match text.get(start..) {
        None | Some([]) => Err(Error::Empty),
        Some([b'.', letter, ..]) if letter.is_ascii_alphabetic() => Ok(first_target(&text[start..])),
        Some(_) => Err(Error::Unrecognised { start: describe(bytes) }),
    }
}

/// The text up to its first NUL. Bytes that are not UTF-8 are replaced.
pub(super) fn decode(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(without_nul(bytes)),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(without_nul(&bytes)).into_owned()),
    }
}

fn without_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

/// Where the first thing stands that is neither blank nor comment.
fn skip_blanks(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        at += if byte.is_ascii_whitespace() || byte == 0x0b {
            1
        } else if rest.starts_with(b"//") {
            rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            rest.windows(2).skip(2).position(|pair| pair == b"*/").map_or(rest.len(), |found| found + 4)
        } else {
            return at;
        };
    }
    at
}

fn first_target(text: &[u8]) -> String {
    let head = String::from_utf8_lossy(&text[..text.len().min(HEAD_BYTES)]);
    let Some((_, after)) = head.split_once(".target") else { return String::new() };
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    after.trim_start().chars().take_while(|&letter| is_name(letter)).take(32).collect()
}

/// The first bytes for an error message.
fn describe(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(12)];
    let hexadecimal = start.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    format!("{hexadecimal} (\"{}\")", start.escape_ascii())
}
