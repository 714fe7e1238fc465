//! Structs of both APIs as C lays them out. Integers stay integers: C may put any number there.

pub(crate) mod cuda;
pub(crate) mod hip;
#[cfg(test)]
mod layout;
pub(crate) mod pool;
pub(crate) mod properties;

/// Declares structs that C reads and writes.
macro_rules! structs {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        #[allow(dead_code)]
        pub(crate) struct $name {
            $(pub $field: $type,)*
        }

        // SAFETY: laid out as in C, of plain fields only: the assertion below asks for that.
        unsafe impl $crate::arg::Plain for $name {}

        const _: () = {
            const fn plain<T: $crate::arg::Plain>() {}
            $(plain::<$type>();)*
        };
    )*};
}

pub(crate) use structs;
