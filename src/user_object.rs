//! User objects: something of the program's that graphs keep alive, with a function that ends it.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::objects;

/// Ends what the program gave, once.
pub type End = Box<dyn FnOnce() + Send>;

/// A user object.
pub struct UserObject {
    handle: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    references: u64,
    end: Option<End>,
}

/// References that a graph holds, and the execs made from it.
struct Held {
    object: Arc<UserObject>,
    count: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.object.release(self.count) {
            tracing::error!("a graph held references that were not there: {error}");
        }
    }
}

impl UserObject {
    /// A new object with so many references, all the caller's.
    pub fn create(end: End, references: u64) -> Result<Arc<UserObject>> {
        if references == 0 {
            return Err(Error::value("initialRefcount", "must not be 0"));
        }
        let inner = Mutex::new(Inner { references, end: Some(end) });
        objects::register(objects::user_objects(), |handle| UserObject { handle, inner })
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// More references for the caller.
    pub fn retain(&self, count: u64) -> Result {
        let mut inner = self.inner.lock();
        let sum = inner.references.checked_add(count).filter(|_| count != 0 && inner.references != 0);
        inner.references = sum.ok_or_else(|| Error::value("count", "is no number of references to add"))?;
        Ok(())
    }

    /// Fewer references; the last one ends the object.
    pub fn release(&self, count: u64) -> Result {
        let mut inner = self.inner.lock();
        let left = inner.references.checked_sub(count).filter(|_| count != 0);
        inner.references = left.ok_or_else(|| Error::value("count", "there are not so many references"))?;
        let end = if inner.references == 0 { inner.end.take() } else { None };
        drop(inner);
        if let Some(end) = end {
            objects::remove(objects::user_objects(), self.handle)?;
            end();
        }
        Ok(())
    }

    /// A graph holds references: new ones, or the caller's if they are `moved`.
    pub fn hold(self: &Arc<UserObject>, graph: &Graph, count: u64, moved: bool) -> Result {
        if !moved {
            self.retain(count)?;
        } else if count == 0 || self.inner.lock().references < count {
            return Err(Error::value("count", "there are not so many references"));
        }
        graph.keep(Arc::new(Held { object: self.clone(), count }));
        Ok(())
    }

    /// A graph gives references back; execs made from it keep theirs.
    pub fn let_go(self: &Arc<UserObject>, graph: &Graph, count: u64) -> Result {
        let mine = |held: &Held| Arc::ptr_eq(&held.object, self) && held.count >= count && count != 0;
        let Some(held) = graph.take_kept(mine) else {
            return Err(Error::value("count", "the graph does not hold so many references"));
        };
        let left = held.count - count;
        if left != 0 {
            self.hold(graph, left, false)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn object(references: u64) -> (Arc<UserObject>, Arc<AtomicU32>) {
        let ended = Arc::new(AtomicU32::new(0));
        let count = ended.clone();
        let end = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        (UserObject::create(end, references).expect("the table has room"), ended)
    }

    #[test]
    fn the_last_reference_ends_it_once() {
        let (object, ended) = object(2);
        object.retain(1).expect("it is alive");
        assert!(object.release(4).is_err());
        object.release(2).expect("three are there");
        assert_eq!(ended.load(Ordering::Relaxed), 0);
        object.release(1).expect("one is there");
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        assert!(object.release(1).is_err() && object.retain(1).is_err());
    }

    #[test]
    fn a_graph_keeps_it_alive() {
        let (object, ended) = object(1);
        let graph = Graph::create().expect("the table has room");
        object.hold(&graph, 3, false).expect("it is alive");
        object.release(1).expect("the program's own");
        object.let_go(&graph, 1).expect("the graph holds three");
        assert!(object.let_go(&graph, 3).is_err());
        assert_eq!(ended.load(Ordering::Relaxed), 0);
        object.let_go(&graph, 2).expect("the graph holds two");
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    }
}
