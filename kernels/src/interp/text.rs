//! What threads say: strings in memory, `printf` and failed assertions.

use super::format;
use super::trouble::Outcome;

/// Longest string of a `printf` or assertion.
const MOST_TEXT: usize = 1 << 16;
/// Longest text that one thread prints at a time; what is longer is cut off.
const MOST_PRINTED: usize = 1 << 20;

/// Reads a thread's memory at a generic address.
pub type Read<'r> = dyn FnMut(u64, &mut [u8]) -> Outcome<()> + 'r;

/// Bytes of a string up to its zero.
fn string(read: &mut Read<'_>, address: u64) -> Outcome<Vec<u8>> {
    let (mut text, mut at) = (Vec::new(), address);
    while text.len() < MOST_TEXT {
        let mut byte = [0];
        read(at, &mut byte)?;
        if byte[0] == 0 {
            break;
        }
        text.push(byte[0]);
        at = at.wrapping_add(1);
    }
    Ok(text)
}

/// The text of one thread's `printf` and the number of its arguments, -1 without a format.
pub fn printed(read: &mut Read<'_>, format: u64, arguments: u64) -> Outcome<(Vec<u8>, u64)> {
    if format == 0 {
        return Ok((Vec::new(), u64::MAX));
    }
    let format = string(read, format)?;
    let mut out = Vec::with_capacity(format.len() + 32);
    let mut offset = 0u64;
    let mut count = 0;
    for piece in format::pieces(&format) {
        let directive = match piece {
            format::Piece::Value(directive) => directive,
            format::Piece::Text(text) => {
                out.extend_from_slice(text);
                continue;
            }
        };
        let mut take = |read: &mut Read<'_>, bytes: u64| -> Outcome<u64> {
            offset = offset.next_multiple_of(bytes);
            let mut value = [0; 8];
            read(arguments.wrapping_add(offset), &mut value[..bytes as usize])?;
            offset += bytes;
            count += 1;
            Ok(u64::from_le_bytes(value))
        };
        let width = if directive.width_argument { Some(take(read, 4)? as i32) } else { None };
        let precision = if directive.precision_argument { Some(take(read, 4)? as i32) } else { None };
        let value = take(read, directive.bytes())?;
        let text = match directive.conversion {
            b's' if value != 0 => string(read, value)?,
            _ => Vec::new(),
        };
        directive.with(width, precision).write(value, &text, &mut out);
        if out.len() >= MOST_PRINTED {
            out.truncate(MOST_PRINTED);
            break;
        }
    }
    Ok((out, count))
}

/// What is said about `__assertfail(message, file, line, function, char size)`.
pub fn assertion(
    read: &mut Read<'_>,
    arguments: &[u64; 5],
    block: [u32; 3],
    thread: [u64; 3],
) -> Outcome<String> {
    let mut text = |address: u64| -> Outcome<String> {
        Ok(String::from_utf8_lossy(&string(read, address)?).into_owned())
    };
    let (message, file, function) = (text(arguments[0])?, text(arguments[1])?, text(arguments[3])?);
    let ([x, y, z], [i, j, k]) = (block, thread);
    let line = arguments[2] as u32;
    Ok(format!(
        "{file}:{line}: {function}: block: [{x},{y},{z}], thread: [{i},{j},{k}] Assertion `{message}` failed"
    ))
}
