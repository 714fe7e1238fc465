//! Building blocks: instructions go to the open block, ends close it.

use crate::ir::{Block, End, Inst};

/// Blocks of a function in the making. Numbers are given before blocks are placed.
#[derive(Debug, Default)]
pub struct Blocks {
    /// Placed or not.
    blocks: Vec<Option<Block>>,
    /// In the order of the text.
    order: Vec<u32>,
    current: Option<(u32, Vec<Inst>)>,
}

impl Blocks {
    /// A number for a block that comes later.
    pub fn reserve(&mut self) -> u32 {
        self.blocks.push(None);
        self.blocks.len() as u32 - 1
    }

    /// Adds an instruction; after an end it starts a block that nobody reaches.
    pub fn push(&mut self, inst: Inst) {
        self.open().push(inst);
    }

    fn open(&mut self) -> &mut Vec<Inst> {
        if self.current.is_none() {
            let block = self.reserve();
            self.current = Some((block, Vec::new()));
        }
        match &mut self.current {
            Some((_, insts)) => insts,
            None => unreachable!("it was opened one line up"),
        }
    }

    /// Closes the open block.
    pub fn end(&mut self, end: End, line: u32) {
        self.open();
        if let Some((number, insts)) = self.current.take() {
            self.blocks[number as usize] = Some(Block { insts, end, line });
            self.order.push(number);
        }
    }

    /// Starts a reserved block; an open one runs into it.
    pub fn start(&mut self, block: u32, line: u32) {
        if self.current.is_some() {
            self.end(End::Jump(block), line);
        }
        self.current = Some((block, Vec::new()));
    }

    /// All blocks in the order of the text, numbered in that order.
    pub fn finish(mut self, line: u32) -> Vec<Block> {
        if self.current.is_some() || self.order.is_empty() {
            self.end(End::Return, line);
        }
        let mut place = vec![0; self.blocks.len()];
        for (index, &number) in self.order.iter().enumerate() {
            place[number as usize] = index as u32;
        }
        let mut blocks: Vec<Block> =
            self.order.iter().filter_map(|&number| self.blocks[number as usize].take()).collect();
        for block in &mut blocks {
            match &mut block.end {
                End::Jump(to) => *to = place[*to as usize],
                End::Branch(_, a, b) => (*a, *b) = (place[*a as usize], place[*b as usize]),
                End::Table(_, targets) => targets.iter_mut().for_each(|to| *to = place[*to as usize]),
                End::Return | End::Exit | End::Trap => {}
            }
        }
        blocks
    }
}
