//! The handler that makes a fault inside the checked accesses an ordinary error, and one of a compiled kernel its end.
//!
//! It is installed once for the process. Faults elsewhere go to whoever had the signal before, with
//! the flags and the mask they asked for. A program that installs a handler of its own later must
//! chain to ours, as with every runtime that handles these signals.

/// Installs the handler if this has not happened yet.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) fn install() {
    handler::install();
}

/// Elsewhere the accesses go through the kernel, which reports faults itself.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn install() {}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod handler {
    use std::mem;
    use std::ptr;
    use std::sync::{Once, OnceLock};

    use libc::{c_int, c_void, sigaction, siginfo_t};

    use crate::cpu::{access, native};

    const SIGNALS: [c_int; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE];

    /// Who had the signals before us, in the order of `SIGNALS`.
    static PREVIOUS: [OnceLock<sigaction>; 3] = [const { OnceLock::new() }; 3];

    /// The general registers by their numbers in instructions.
    const REGISTERS: [c_int; 16] = [
        libc::REG_RAX,
        libc::REG_RCX,
        libc::REG_RDX,
        libc::REG_RBX,
        libc::REG_RSP,
        libc::REG_RBP,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
    ];

    type Handler = extern "C" fn(c_int);
    type InfoHandler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

    pub(super) fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            for (signal, previous) in SIGNALS.into_iter().zip(&PREVIOUS) {
                install_one(signal, previous);
            }
        });
    }

    fn install_one(signal: c_int, previous: &OnceLock<sigaction>) {
        // SAFETY: all zeros is a valid `sigaction`.
        let mut old: sigaction = unsafe { mem::zeroed() };
        // SAFETY: asks only; `old` is writable.
        if unsafe { sigaction(signal, ptr::null(), &mut old) } != 0 {
            return;
        }
        // Known before our handler can run.
        let _ = previous.set(old);
        // SAFETY: all zeros is a valid `sigaction`.
        let mut ours: sigaction = unsafe { mem::zeroed() };
        ours.sa_sigaction = on_fault as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the mask is ours and writable.
        unsafe { libc::sigemptyset(&mut ours.sa_mask) };
        // SAFETY: the handler is async-signal-safe: it changes two registers or calls the previous one.
        let failed = unsafe { sigaction(signal, &ours, ptr::null_mut()) } != 0;
        if failed {
            tracing::error!(signal, "the fault handler could not be installed");
        }
    }

    extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel passes a valid siginfo to an SA_SIGINFO handler.
        let code = unsafe { (*info).si_code };
        // A positive code is the processor's; others were sent by somebody.
        if code > 0 && continue_at_fixup(info, context) {
            return;
        }
        let place = SIGNALS.iter().position(|&one| one == signal);
        if let Some(previous) = place.and_then(|place| PREVIOUS[place].get()) {
            pass_on(previous, signal, code, info, context);
        }
    }

    fn continue_at_fixup(info: *mut siginfo_t, context: *mut c_void) -> bool {
        // SAFETY: the third argument is the interrupted thread's context, ours to change.
        let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
        let at = registers[libc::REG_RIP as usize] as usize;
        // SAFETY: as in `on_fault`.
        let info = unsafe { &*info };
        // SAFETY: for these signals the address is set; zero where the processor gives none.
        let address = unsafe { info.si_addr() };
        if access::code_range().contains(&at) {
            registers[libc::REG_RAX as usize] = address.addr() as i64;
            registers[libc::REG_RIP as usize] = access::fixup(at) as i64;
            return true;
        }
        let Some(found) = native::find_site(at) else { return false };
        let fault = native::Interrupted {
            address: address.addr() as u64,
            signal: info.si_signo,
            site: found.site,
            registers: REGISTERS.map(|number| registers[number as usize] as u64),
        };
        // SAFETY: this thread was interrupted in compiled code, whose pinned register is the context's address.
        unsafe { native::note_fault(&fault) };
        registers[libc::REG_RIP as usize] = found.fixup as i64;
        true
    }

    fn pass_on(previous: &sigaction, signal: c_int, code: c_int, info: *mut siginfo_t, context: *mut c_void) {
        match previous.sa_sigaction {
            libc::SIG_DFL => die(signal, code),
            // The kernel does not let a fault of the processor be ignored.
            libc::SIG_IGN if code > 0 => die(signal, code),
            libc::SIG_IGN => {}
            handler => with_mask(previous, signal, || {
                if previous.sa_flags & libc::SA_SIGINFO != 0 {
                    // SAFETY: registered with SA_SIGINFO, so it has this signature.
                    let call = unsafe { mem::transmute::<usize, InfoHandler>(handler) };
                    call(signal, info, context);
                } else {
                    // SAFETY: registered without SA_SIGINFO, so it has this signature.
                    let call = unsafe { mem::transmute::<usize, Handler>(handler) };
                    call(signal);
                }
            }),
        }
    }

    /// Restores the default and returns: the access faults again. A sent signal is sent again.
    fn die(signal: c_int, code: c_int) {
        // SAFETY: the default action needs no more than this.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        if code <= 0 {
            // SAFETY: always; it is delivered when this handler returns.
            unsafe { libc::raise(signal) };
        }
    }

    /// Calls with the mask the previous handler asked for.
    fn with_mask(previous: &sigaction, signal: c_int, call: impl FnOnce()) {
        // SAFETY: all zeros is a valid set.
        let mut old: libc::sigset_t = unsafe { mem::zeroed() };
        // SAFETY: both sets are valid.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &previous.sa_mask, &mut old) };
        if previous.sa_flags & libc::SA_NODEFER != 0 {
            // SAFETY: all zeros is a valid set.
            let mut only: libc::sigset_t = unsafe { mem::zeroed() };
            // SAFETY: the set is writable.
            unsafe { libc::sigaddset(&mut only, signal) };
            // SAFETY: the set is valid.
            unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &only, ptr::null_mut()) };
        }
        call();
        // SAFETY: `old` was filled above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &old, ptr::null_mut()) };
    }
}
