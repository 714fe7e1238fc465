//! Constants behind the code.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::encode::Assembler;

/// Constants, each once. The widest come first, so that all are aligned to their size.
#[derive(Debug, Default)]
pub struct Pool {
    constants: Vec<Vec<u8>>,
    known: HashMap<Vec<u8>, u32, RandomState>,
}

impl Pool {
    /// The number of a constant of 1, 2, 4, 8, 16, 32 or 64 bytes.
    pub fn add(&mut self, bytes: &[u8]) -> u32 {
        if let Some(&known) = self.known.get(bytes) {
            return known;
        }
        let number = self.constants.len() as u32;
        self.constants.push(bytes.to_vec());
        self.known.insert(bytes.to_vec(), number);
        number
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.constants.len()
    }

    /// Puts all of them behind the code, aligned to 64 bytes.
    pub fn place(&self, code: &mut Assembler) {
        if self.constants.is_empty() {
            return;
        }
        let mut order: Vec<usize> = (0..self.constants.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(self.constants[at].len()));
        let gap = code.at.next_multiple_of(64) - code.at;
        code.raw(&[0; 64][..gap as usize]);
        for at in order {
            code.here(code.constants[at]);
            code.raw(&self.constants[at]);
        }
    }
}
