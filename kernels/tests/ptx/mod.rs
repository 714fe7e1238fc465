//! One file a family of instructions.

mod bench;
mod control;
mod damage;
mod directives;
mod externals;
mod faults;
mod formats;
mod forms;
mod limits;
mod logs;
mod mbarriers;
mod memory;
mod printing;
mod progress;
mod soup;
mod table;
mod texts;
mod warps;
