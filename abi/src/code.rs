//! Numbers of the C surface: what kind of refusal has which number, and what the numbers are called.

use std::ffi::{CStr, c_int};

use stream_hal::error::{Result, What};
use stream_hal::rules::Api;

mod cuda;
mod hip;

/// Number, name, text.
type Row = (c_int, &'static CStr, &'static CStr);

/// Work is pending.
pub(crate) const NOT_READY: c_int = 600;

/// The number of a call's result.
pub(crate) fn of(api: Api, result: &Result) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => number(api, error.what),
    }
}

/// The number of a kind of refusal in an API. // table
pub(crate) fn number(api: Api, what: What) -> c_int {
    let both = match what {
        What::InvalidValue => 1,
        What::OutOfMemory => 2,
        What::NotInitialized => 3,
        What::Deinitialized => 4,
        What::NoDevice => 100,
        What::InvalidDevice => 101,
        What::InvalidImage => 200,
        What::InvalidContext => 201,
        What::NoBinaryForDevice => 209,
        What::InvalidPtx => 218,
        What::FileNotFound => 301,
        What::OperatingSystem => 304,
        What::InvalidHandle => 400,
        What::IllegalState => 401,
        What::NotFound => 500,
        What::NotReady => NOT_READY,
        What::IllegalAddress => 700,
        What::LaunchOutOfResources => 701,
        What::PeerAccessAlreadyEnabled => 704,
        What::PeerAccessNotEnabled => 705,
        What::PrimaryContextActive => 708,
        What::ContextIsDestroyed => 709,
        What::Assert => 710,
        What::HostMemoryAlreadyRegistered => 712,
        What::HostMemoryNotRegistered => 713,
        What::LaunchFailed => 719,
        What::CooperativeLaunchTooLarge => 720,
        What::NotSupported => 801,
        What::CaptureUnsupported => 900,
        What::CaptureInvalidated => 901,
        What::CaptureMerge => 902,
        What::CaptureUnmatched => 903,
        What::CaptureUnjoined => 904,
        What::CaptureIsolation => 905,
        What::CaptureImplicit => 906,
        What::CapturedEvent => 907,
        What::CaptureWrongThread => 908,
        What::ExecUpdateFailure => 910,
        What::Unknown => 999,
        _ => 0,
    };
    match (both, api) {
        (0, Api::Cuda) => cuda_only(what),
        (0, Api::Hip) => hip_only(what),
        (number, _) => number,
    }
}

/// Where CUDA has a number of its own.
fn cuda_only(what: What) -> c_int {
    match what {
        What::HardwareStackError => 714,
        What::IllegalInstruction => 715,
        What::MisalignedAddress => 716,
        What::InvalidAddressSpace => 717,
        What::NotPermitted => 800,
        What::InvalidConfiguration | What::InvalidDirection | What::MissingConfiguration => 1,
        What::InvalidFunction => 400,
        What::InvalidSymbol => 500,
        _ => 999,
    }
}

/// Where HIP has another number, or none and says something wider.
fn hip_only(what: What) -> c_int {
    match what {
        What::InvalidConfiguration => 9,
        What::InvalidDirection => 21,
        What::InvalidSymbol => 13,
        What::MissingConfiguration => 52,
        What::InvalidFunction => 98,
        What::HardwareStackError
        | What::IllegalInstruction
        | What::MisalignedAddress
        | What::InvalidAddressSpace => 719,
        What::NotPermitted => 801,
        _ => 999,
    }
}

fn row(api: Api, number: c_int) -> Option<&'static Row> {
    let rows = match api {
        Api::Cuda => cuda::ROWS,
        Api::Hip => hip::ROWS,
    };
    rows.binary_search_by_key(&number, |row| row.0).ok().map(|found| &rows[found])
}

/// What a number is called; `None` if the API has no such number.
pub(crate) fn name(api: Api, number: c_int) -> Option<&'static CStr> {
    row(api, number).map(|row| row.1)
}

/// What a number means, in words.
pub(crate) fn text(api: Api, number: c_int) -> Option<&'static CStr> {
    row(api, number).map(|row| row.2)
}

/// What a number of the runtime compiler is called.
pub(crate) fn compiler_name(number: c_int) -> &'static CStr {
    match number {
        0 => c"HIPRTC_SUCCESS",
        1 => c"HIPRTC_ERROR_OUT_OF_MEMORY",
        2 => c"HIPRTC_ERROR_PROGRAM_CREATION_FAILURE",
        3 => c"HIPRTC_ERROR_INVALID_INPUT",
        4 => c"HIPRTC_ERROR_INVALID_PROGRAM",
        5 => c"HIPRTC_ERROR_INVALID_OPTION",
        6 => c"HIPRTC_ERROR_COMPILATION",
        7 => c"HIPRTC_ERROR_BUILTIN_OPERATION_FAILURE",
        8 => c"HIPRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
        9 => c"HIPRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
        10 => c"HIPRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
        11 => c"HIPRTC_ERROR_INTERNAL_ERROR",
        100 => c"HIPRTC_ERROR_LINKING",
        801 => c"HIPRTC is not supported",
        _ => c"unknown HIPRTC result",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_so_that_every_row_is_found() {
        for (api, rows) in [(Api::Cuda, cuda::ROWS), (Api::Hip, hip::ROWS)] {
            assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for row in rows {
                assert_eq!(name(api, row.0), Some(row.1));
                assert_eq!(text(api, row.0), Some(row.2));
            }
        }
        assert_eq!(name(Api::Cuda, 5555), None);
    }

    #[test]
    fn numbers_are_those_of_the_bindings() {
        use cubecl_hip_sys as amd;
        use cudarc::driver::sys::CUresult as Nvidia;
        let check = |what, nvidia: Nvidia, amd: amd::hipError_t| {
            assert_eq!(number(Api::Cuda, what), nvidia as c_int, "{what:?}");
            assert_eq!(number(Api::Hip, what), amd as c_int, "{what:?}");
        };
        use Nvidia::*;
        check(What::InvalidValue, CUDA_ERROR_INVALID_VALUE, amd::hipError_t_hipErrorInvalidValue);
        check(What::InvalidHandle, CUDA_ERROR_INVALID_HANDLE, amd::hipError_t_hipErrorInvalidResourceHandle);
        check(What::NotReady, CUDA_ERROR_NOT_READY, amd::hipError_t_hipErrorNotReady);
        check(What::InvalidPtx, CUDA_ERROR_INVALID_PTX, amd::hipError_t_hipErrorInvalidKernelFile);
        check(What::LaunchFailed, CUDA_ERROR_LAUNCH_FAILED, amd::hipError_t_hipErrorLaunchFailure);
        check(
            What::InvalidConfiguration,
            CUDA_ERROR_INVALID_VALUE,
            amd::hipError_t_hipErrorInvalidConfiguration,
        );
        check(
            What::InvalidFunction,
            CUDA_ERROR_INVALID_HANDLE,
            amd::hipError_t_hipErrorInvalidDeviceFunction,
        );
        check(What::InvalidSymbol, CUDA_ERROR_NOT_FOUND, amd::hipError_t_hipErrorInvalidSymbol);
        check(
            What::CaptureImplicit,
            CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
            amd::hipError_t_hipErrorStreamCaptureImplicit,
        );
        check(What::CapturedEvent, CUDA_ERROR_CAPTURED_EVENT, amd::hipError_t_hipErrorCapturedEvent);
        check(
            What::ExecUpdateFailure,
            CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE,
            amd::hipError_t_hipErrorGraphExecUpdateFailure,
        );
    }

    #[test]
    fn every_number_we_answer_has_a_name() {
        let all = [
            What::InvalidValue,
            What::InvalidConfiguration,
            What::InvalidDirection,
            What::NotPermitted,
            What::MisalignedAddress,
            What::ExecUpdateFailure,
            What::CaptureWrongThread,
            What::Unknown,
        ];
        for (api, what) in [Api::Cuda, Api::Hip].into_iter().flat_map(|api| all.map(|what| (api, what))) {
            assert!(name(api, number(api, what)).is_some(), "{what:?} in {api:?}");
        }
    }
}
