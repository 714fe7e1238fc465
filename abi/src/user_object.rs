//! User objects, which graphs keep alive.

use std::ffi::c_uint;
use std::sync::Arc;

use stream_hal::error::{Error, Result};
use stream_hal::objects;
use stream_hal::user_object::UserObject;

use crate::arg::{Address, Callback, Handle, Out};
use crate::entry::{Cx, entries};

fn find(cx: &Cx, object: Handle) -> Result<Arc<UserObject>> {
    cx.runtime()?;
    objects::find(objects::user_objects(), "object", object.0)
        .map_err(|error| Error::value("object", error.because))
}

entries! {
    // The one flag says that nobody waits for the destructor; it must be given.
    fn cuUserObjectCreate | hipUserObjectCreate (
        cx, object: Out<Handle>, data: Address, destroy: Callback, references: c_uint, flags: c_uint
    ) {
        let place = object.place("object_out")?;
        destroy.required("destroy")?;
        if flags != 1 {
            return Err(Error::value("flags", "must be 1, that nobody waits for the destructor"));
        }
        cx.runtime()?;
        let object = UserObject::create(Box::new(move || destroy.call(data)), u64::from(references))?;
        place.write(Handle(object.handle()));
        Ok(())
    }

    fn cuUserObjectRetain | hipUserObjectRetain (cx, object: Handle, count: c_uint) {
        find(cx, object)?.retain(u64::from(count))
    }

    fn cuUserObjectRelease | hipUserObjectRelease (cx, object: Handle, count: c_uint) {
        find(cx, object)?.release(u64::from(count))
    }

    // With the flag the caller's references become the graph's.
    fn cuGraphRetainUserObject | hipGraphRetainUserObject (
        cx, graph: Handle, object: Handle, count: c_uint, flags: c_uint
    ) {
        if flags > 1 {
            return Err(Error::value("flags", format!("{flags:#x} is no flag of this function")));
        }
        let graph = cx.graph("graph", graph)?;
        find(cx, object)?.hold(&graph, u64::from(count), flags == 1)
    }

    fn cuGraphReleaseUserObject | hipGraphReleaseUserObject (cx, graph: Handle, object: Handle, count: c_uint) {
        let graph = cx.graph("graph", graph)?;
        find(cx, object)?.let_go(&graph, u64::from(count))
    }
}
