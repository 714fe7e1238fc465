//! A machine without the instructions that compiled code needs.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::super::super::driver::open_with;
use super::super::Compiler;
use super::{Counts, World};
use crate::Options;

/// Events and their levels.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(Level, String)>>>);

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        write!(self.0, "{value:?}").unwrap();
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut words = Words(String::new());
        event.record(&mut words);
        self.0.lock().unwrap().push((*event.metadata().level(), words.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_machine_without_avx_512_interprets_and_says_so_once() {
    if super::super::target().is_none() {
        println!("skipped: other tests of this process had it said before");
        return;
    }
    let heard = Heard::default();
    let about = || {
        let all = heard.0.lock().unwrap();
        all.iter().filter(|(_, words)| words.contains("AVX-512")).cloned().collect::<Vec<_>>()
    };
    tracing::subscriber::with_default(heard.clone(), || {
        for options in [
            // Who asks for the interpreter need not be told.
            Options { interpreter: true, cpu_threads: 1, ..Options::default() },
            Options { cpu_threads: 1, ..Options::default() },
            Options { cpu_threads: 1, ..Options::default() },
        ] {
            let opened = open_with(&options, Compiler::on(None, &options)).unwrap();
            let world = World::of(opened, Counts::default());
            let at = world.words(1);
            world.run("mark", 2, 3, at);
            assert_eq!(world.word(at), 6000, "it was not interpreted");
            assert_eq!(about().len(), usize::from(!options.interpreter));
        }
    });
    let [(level, words)] = &about()[..] else { panic!("it was said more than once") };
    assert_eq!(*level, Level::WARN);
    assert!(words.contains("all kernels run on the interpreter"), "{words}");
}
