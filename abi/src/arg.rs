//! Arguments as C passes them: the only place where a pointer of the program is followed.
//!
//! Each type is laid out as the C argument it stands for. What may be null is said by the method
//! that the body calls; a null where none may be is refused as an invalid value of that argument.

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_int, c_void};

use smallvec::SmallVec;
use stream_hal::error::{Error, Result, What};

/// A handle, as the program holds it. Never followed.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handle(pub u64);

/// A device pointer, or a host pointer that is only passed on. Never followed here.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address(pub u64);

/// The address of a function of the program. Called elsewhere, when its turn comes.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callback(pub u64);

impl Callback {
    /// The address; null is refused.
    pub fn required(self, argument: &'static str) -> Result<u64> {
        if self.0 == 0 { Err(null(argument)) } else { Ok(self.0) }
    }

    /// Calls it as a function of one pointer.
    pub fn call(self, data: Address) {
        type Plain = unsafe extern "C" fn(u64);
        // SAFETY: the C contract says that the address is that of such a function.
        let function: Plain = unsafe { std::mem::transmute(self.0 as usize) };
        // SAFETY: as above; the pointer is the program's own.
        unsafe { function(data.0) };
    }

    /// Calls it as the function that tells the dynamic shared memory of a block of that size.
    pub fn size_of_block(self, threads: c_int) -> usize {
        type Tell = unsafe extern "C" fn(c_int) -> usize;
        // SAFETY: the C contract says that the address is that of such a function.
        let tell: Tell = unsafe { std::mem::transmute(self.0 as usize) };
        // SAFETY: as above.
        unsafe { tell(threads) }
    }
}

/// Types of which every bit pattern is a value, so that C may have written it.
///
/// # Safety
///
/// Integers, floats, raw pointers, and `repr(C)` structs and unions of such.
pub(crate) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($type:ty)*) => {$(
        // SAFETY: integers, floats and transparent wrappers of them have no invalid values.
        unsafe impl Plain for $type {}
    )*};
}
plain! { u8 i8 u16 i16 u32 i32 u64 i64 usize f32 f64 Handle Address Callback }
// SAFETY: a raw pointer is a number until someone follows it.
unsafe impl<T> Plain for *const T {}
// SAFETY: as above.
unsafe impl<T> Plain for *mut T {}
// SAFETY: an array of plain values.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

#[cold]
fn null(argument: &'static str) -> Error {
    Error::value(argument, "must not be null")
}

/// Where a result goes.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Out<T>(*mut T);

/// A result's place that is not null: nothing can go wrong when it is written.
pub(crate) struct Place<T>(*mut T);

impl<T: Plain> Out<T> {
    /// A place at an address that was passed without a type.
    pub fn at(address: Address) -> Out<T> {
        Out(std::ptr::with_exposed_provenance_mut(address.0 as usize))
    }

    /// The place; null is refused. Taken before anything is done, so that no result is lost.
    #[inline]
    pub fn place(self, argument: &'static str) -> Result<Place<T>> {
        if self.0.is_null() { Err(null(argument)) } else { Ok(Place(self.0)) }
    }

    /// Nowhere, for results that an older form of a function does not have.
    pub fn nowhere() -> Out<T> {
        Out(std::ptr::null_mut())
    }

    /// The place, if the program wants the result.
    pub fn wanted(self) -> Option<Place<T>> {
        (!self.0.is_null()).then_some(Place(self.0))
    }

    /// Writes the result if the program wants it.
    #[inline]
    pub fn write(self, value: T) {
        if let Some(place) = self.wanted() {
            place.write(value);
        }
    }
}

impl<T: Plain> Place<T> {
    /// Writes the result.
    #[inline]
    pub fn write(&self, value: T) {
        // SAFETY: the C contract says writable; null was ruled out when the place was made.
        unsafe { self.0.write_unaligned(value) };
    }

    /// What is there, for arguments that go both ways.
    pub fn read(&self) -> T {
        // SAFETY: the C contract says readable and every bit pattern is a value; null was ruled out.
        unsafe { self.0.read_unaligned() }
    }
}

impl Place<usize> {
    /// How many values of a type the program says its list has room for.
    pub fn room<T>(&self, argument: &'static str) -> Result<usize> {
        let room = self.read();
        match room.checked_mul(size_of::<T>()) {
            Some(0..=MOST_BYTES) => Ok(room),
            _ => Err(Error::value(argument, format!("no list has room for {room}"))),
        }
    }
}

/// A struct or value that the program passes by pointer.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct In<T>(*const T);

impl<T: Plain> In<T> {
    /// The same pointer to another description.
    pub fn cast<U: Plain>(self) -> In<U> {
        In(self.0.cast())
    }

    /// The value; null is refused.
    #[inline]
    pub fn get(self, argument: &'static str) -> Result<T> {
        self.optional().ok_or_else(|| null(argument))
    }

    /// The value, if there is one.
    #[inline]
    pub fn optional(self) -> Option<T> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: the C contract says readable and every bit pattern is a value; null was ruled out.
        Some(unsafe { self.0.read_unaligned() })
    }
}

/// No list of arguments is longer: a larger count is a slip.
const MOST_BYTES: usize = 1 << 30;

/// Values that were passed so: a few without an allocation.
pub(crate) type List<T> = SmallVec<[T; 4]>;

/// Values that the program passes as a pointer and a count.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Array<T>(*const T);

impl<T: Plain> Array<T> {
    /// A list at an address that was read out of a struct.
    pub fn at(pointer: *const T) -> Array<T> {
        Array(pointer)
    }

    /// The pointer itself.
    pub fn pointer(self) -> *const T {
        self.0
    }

    /// Whether the program passed none.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// `count` values; null is refused unless there are none.
    pub fn get(self, argument: &'static str, count: usize) -> Result<List<T>> {
        if count == 0 {
            return Ok(List::new());
        }
        if self.0.is_null() {
            return Err(null(argument));
        }
        if count.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > MOST_BYTES) {
            return Err(Error::value(argument, format!("{count} are too many")));
        }
        let mut values = List::new();
        values
            .try_reserve_exact(count)
            .map_err(|_| Error::of(What::OutOfMemory, argument, format!("no room for {count} of them")))?;
        values.extend((0..count).map(|index| self.nth(index)));
        Ok(values)
    }

    /// The first value.
    #[inline]
    pub fn first(self, argument: &'static str) -> Result<T> {
        if self.0.is_null() { Err(null(argument)) } else { Ok(self.nth(0)) }
    }

    /// `count` values, of which there cannot be more than `most`.
    pub fn get_few(self, argument: &'static str, count: usize, most: usize) -> Result<List<T>> {
        if count > most {
            return Err(Error::value(argument, format!("{count} are too many, {most} at most make sense")));
        }
        self.get(argument, count)
    }

    /// Values up to one that satisfies `end`, at most `most`.
    pub fn until(self, argument: &'static str, most: usize, end: impl Fn(&T) -> bool) -> Result<Vec<T>> {
        if self.0.is_null() {
            return Err(null(argument));
        }
        let values: Vec<T> = (0..most).map(|index| self.nth(index)).take_while(|value| !end(value)).collect();
        if values.len() == most { Err(Error::value(argument, "the list does not end")) } else { Ok(values) }
    }

    fn nth(self, index: usize) -> T {
        let place = self.0.wrapping_add(index);
        // SAFETY: the C contract says that many are readable; every bit pattern is a value.
        unsafe { place.read_unaligned() }
    }
}

/// Where a list of results goes.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct OutArray<T>(*mut T);

impl<T: Plain> OutArray<T> {
    /// A list at an address that was read out of a struct.
    pub fn at(pointer: *mut T) -> OutArray<T> {
        OutArray(pointer)
    }

    /// Whether the program wants none.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// Writes one of the values, if there is a list.
    pub fn set(self, index: usize, value: T) {
        if !self.0.is_null() {
            let place = self.0.wrapping_add(index);
            // SAFETY: the C contract says that the list goes so far; null was ruled out.
            unsafe { place.write_unaligned(value) };
        }
    }

    /// Writes the values. The caller has the program's word that there is room for as many.
    pub fn write(self, argument: &'static str, values: impl IntoIterator<Item = T>) -> Result {
        if self.0.is_null() {
            return Err(null(argument));
        }
        for (index, value) in values.into_iter().enumerate() {
            let place = self.0.wrapping_add(index);
            // SAFETY: the C contract says that many are writable; null was ruled out.
            unsafe { place.write_unaligned(value) };
        }
        Ok(())
    }
}

/// A text that ends with a zero byte.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Text(*const c_char);

impl Text {
    /// The text; null is refused. Bytes that are no UTF-8 are shown as such.
    pub fn get(&self, argument: &'static str) -> Result<Cow<'_, str>> {
        self.bytes(argument).map(CStr::to_string_lossy)
    }

    /// The bytes; null is refused.
    pub fn bytes(&self, argument: &'static str) -> Result<&CStr> {
        if self.0.is_null() {
            return Err(null(argument));
        }
        // SAFETY: the C contract says that a text ends with a zero byte and stays during the call.
        Ok(unsafe { CStr::from_ptr(self.0) })
    }
}

/// Room for a text of a given length.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct OutText(*mut c_char);

impl OutText {
    /// Room at an address that was read out of an option.
    pub fn at(pointer: *mut c_char) -> OutText {
        OutText(pointer)
    }

    /// Whether there is none.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// Writes as much of the text as fits with its ending zero; says how many bytes of text that is.
    pub fn write(self, argument: &'static str, room: usize, text: &str) -> Result<usize> {
        if self.0.is_null() {
            return Err(null(argument));
        }
        if room == 0 {
            return Err(Error::value(argument, "there is no room for a text"));
        }
        let fits = text.len().min(room - 1);
        let bytes = text.bytes().take(fits).chain([0]).map(|byte| byte as c_char);
        OutArray(self.0).write(argument, bytes)?;
        Ok(fits)
    }
}

/// Pointers to the values of a kernel's parameters.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Parameters(*const *const c_void);

impl Parameters {
    /// The list at an address that was read out of a struct.
    pub fn at(pointer: *const *const c_void) -> Parameters {
        Parameters(pointer)
    }

    /// Whether the program passed none.
    #[inline]
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// Copies parameter `index` of `into.len()` bytes.
    #[inline]
    pub fn copy(self, index: usize, into: &mut [u8]) -> Result {
        let place = self.0.wrapping_add(index);
        // SAFETY: the C contract says that there is one pointer for each parameter of the kernel.
        let from = unsafe { place.read() };
        if from.is_null() {
            return Err(Error::value("kernelParams", format!("the pointer to parameter {index} is null")));
        }
        let (to, bytes) = (into.as_mut_ptr(), into.len());
        // SAFETY: the C contract says that it points to a value of the parameter's size, and `into`
        // is ours, so they do not overlap.
        let copy = |bytes| unsafe { from.cast::<u8>().copy_to_nonoverlapping(to, bytes) };
        // The usual sizes are one move each; others call the C library.
        match bytes {
            8 => copy(8),
            4 => copy(4),
            bytes => copy(bytes),
        }
        Ok(())
    }
}

/// A value of zeros.
pub(crate) fn zero<T: Plain>() -> T {
    // SAFETY: every bit pattern of a plain type is a value.
    unsafe { std::mem::zeroed() }
}

/// The bytes of one plain value seen as another, no larger one: members of a C union.
pub(crate) fn view<T: Plain, U: Plain>(whole: &U) -> T {
    const { assert!(size_of::<T>() <= size_of::<U>()) };
    // SAFETY: the value is large enough and every bit pattern of a plain type is a value.
    unsafe { std::ptr::from_ref(whole).cast::<T>().read_unaligned() }
}

/// Copies bytes that the program passes by address and length.
pub(crate) fn bytes_at(argument: &'static str, address: u64, count: usize) -> Result<Vec<u8>> {
    let bytes = Array::at(std::ptr::with_exposed_provenance::<u8>(address as usize)).get(argument, count)?;
    Ok(bytes.into_vec())
}

/// Copies the bytes of a text that is passed by address, without its ending zero.
pub(crate) fn text_at(argument: &'static str, address: u64) -> Result<Vec<u8>> {
    let text = Text(std::ptr::with_exposed_provenance(address as usize));
    Ok(text.bytes(argument)?.to_bytes().to_vec())
}

/// The arguments of an option that is a number in the place of a pointer.
pub(crate) fn number(value: *mut c_void) -> usize {
    value.addr()
}

/// A C truth value.
pub(crate) fn truth(value: bool) -> c_int {
    c_int::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_refused_by_the_argument_s_name() {
        let error = Out::<u32>(std::ptr::null_mut()).place("dptr").err();
        assert_eq!(error.map(|error| error.argument), Some("dptr"));
        assert!(Out::<u32>(std::ptr::null_mut()).wanted().is_none());
        assert!(In::<u32>(std::ptr::null()).get("params").is_err());
        assert!(Array::<u32>(std::ptr::null()).get("list", 1).is_err());
        assert_eq!(Array::<u32>(std::ptr::null()).get("list", 0).map(|list| list.len()), Ok(0));
        assert!(Text(std::ptr::null()).get("name").is_err());
    }

    #[test]
    fn a_count_that_no_memory_could_hold_is_refused() {
        let one = 1u64;
        assert!(Array::at(&raw const one).get("list", usize::MAX).is_err());
    }

    #[test]
    fn a_text_is_cut_to_its_room_and_ends() {
        let mut room = [9 as c_char; 4];
        assert_eq!(OutText(room.as_mut_ptr()).write("name", 4, "device"), Ok(3));
        assert_eq!(room, [b'd' as c_char, b'e' as c_char, b'v' as c_char, 0]);
        assert!(OutText(room.as_mut_ptr()).write("name", 0, "device").is_err());
    }

    #[test]
    fn a_list_ends_where_its_end_is() {
        let list = [1u32, 2, 0, 3];
        assert_eq!(Array::at(list.as_ptr()).until("extra", 4, |&value| value == 0), Ok(vec![1, 2]));
        assert!(Array::at(list.as_ptr()).until("extra", 2, |&value| value == 0).is_err());
    }
}
