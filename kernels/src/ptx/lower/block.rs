//! Building blocks: instructions go to the open block, ends close it.

use crate::ir::{Block, End, Inst};

/// Blocks of a function in the making. Numbers are given before blocks are placed.
#[derive(Debug)]
pub struct Blocks {
    /// Where each number is; several may be at one place.
    places: Vec<u32>,
    /// In the order of the text.
    blocks: Vec<Block>,
    /// None behind an end: nobody comes there.
    current: Option<Vec<Inst>>,
}

impl Default for Blocks {
    fn default() -> Self {
        Blocks { places: Vec::new(), blocks: Vec::new(), current: Some(Vec::new()) }
    }
}

impl Blocks {
    /// How many numbers were given.
    pub fn count(&self) -> u32 {
        self.places.len() as u32
    }

    /// A number for a block that comes later.
    pub fn reserve(&mut self) -> u32 {
        self.places.push(0);
        self.places.len() as u32 - 1
    }

    /// Adds an instruction; behind an end it is none.
    pub fn push(&mut self, inst: Inst) {
        if let Some(insts) = &mut self.current {
            insts.push(inst);
        }
    }

    /// Closes the open block.
    pub fn end(&mut self, end: End, line: u32) {
        if let Some(insts) = self.current.take() {
            self.blocks.push(Block { insts, end, line });
        }
    }

    /// Starts a reserved block; an open one runs into it.
    pub fn start(&mut self, block: u32, line: u32) {
        if self.current.as_ref().is_some_and(|insts| !insts.is_empty()) {
            self.end(End::Jump(block), line);
        }
        self.places[block as usize] = self.blocks.len() as u32;
        self.current.get_or_insert_default();
    }

    /// All blocks in the order of the text, numbered in that order.
    pub fn finish(mut self, line: u32) -> Vec<Block> {
        self.end(End::Return, line);
        let place = &self.places;
        for block in &mut self.blocks {
            match &mut block.end {
                End::Jump(to) => *to = place[*to as usize],
                End::Branch(_, a, b) => (*a, *b) = (place[*a as usize], place[*b as usize]),
                End::Table(_, targets) => targets.iter_mut().for_each(|to| *to = place[*to as usize]),
                End::Return | End::Exit | End::Trap => {}
            }
        }
        self.blocks.shrink_to_fit();
        self.blocks
    }
}
