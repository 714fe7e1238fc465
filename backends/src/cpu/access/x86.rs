//! The raw accesses on x86-64: one code range, no stack, a value in rax and the status in rdx.

use super::Answer;

core::arch::global_asm!(
    r#"
    .pushsection .text.stream_hal_access, "ax", @progbits
    .globl stream_hal_access_start, stream_hal_access_fault, stream_hal_access_fault_wide, stream_hal_access_end
    .hidden stream_hal_access_start, stream_hal_access_fault, stream_hal_access_fault_wide, stream_hal_access_end
    .p2align 6
stream_hal_access_start:

    .macro stream_hal_routine name
    .globl stream_hal_access_\name
    .hidden stream_hal_access_\name
    .p2align 4
stream_hal_access_\name:
    .endm
    .macro stream_hal_ok
    xor edx, edx
    ret
    .endm

    stream_hal_routine load1
    movzx eax, byte ptr [rdi]
    stream_hal_ok
    stream_hal_routine load2
    movzx eax, word ptr [rdi]
    stream_hal_ok
    stream_hal_routine load4
    mov eax, dword ptr [rdi]
    stream_hal_ok
    stream_hal_routine load8
    mov rax, qword ptr [rdi]
    stream_hal_ok
    stream_hal_routine store1
    mov byte ptr [rdi], sil
    stream_hal_ok
    stream_hal_routine store2
    mov word ptr [rdi], si
    stream_hal_ok
    stream_hal_routine store4
    mov dword ptr [rdi], esi
    stream_hal_ok
    stream_hal_routine store8
    mov qword ptr [rdi], rsi
    stream_hal_ok

    stream_hal_routine add2
    lock xadd word ptr [rdi], si
    movzx eax, si
    stream_hal_ok
    stream_hal_routine add4
    lock xadd dword ptr [rdi], esi
    mov eax, esi
    stream_hal_ok
    stream_hal_routine add8
    lock xadd qword ptr [rdi], rsi
    mov rax, rsi
    stream_hal_ok
    stream_hal_routine swap2
    xchg word ptr [rdi], si
    movzx eax, si
    stream_hal_ok
    stream_hal_routine swap4
    xchg dword ptr [rdi], esi
    mov eax, esi
    stream_hal_ok
    stream_hal_routine swap8
    xchg qword ptr [rdi], rsi
    mov rax, rsi
    stream_hal_ok
    stream_hal_routine exchange2
    mov rax, rsi
    lock cmpxchg word ptr [rdi], dx
    movzx eax, ax
    stream_hal_ok
    stream_hal_routine exchange4
    mov rax, rsi
    lock cmpxchg dword ptr [rdi], edx
    mov eax, eax
    stream_hal_ok
    stream_hal_routine exchange8
    mov rax, rsi
    lock cmpxchg qword ptr [rdi], rdx
    stream_hal_ok

    // copy_forward(to rdi, from rsi, bytes rdx): right for to < from, and where nothing overlaps.
    stream_hal_routine copy_forward
    mov rcx, rdx
    cmp rcx, 16
    jb .Lstream_hal_copy_small
    cmp rcx, 1024
    ja .Lstream_hal_copy_string
    // The last 16 bytes are read before anything is written: a store could reach them.
    movups xmm1, [rsi + rcx - 16]
    lea r8, [rdi + rcx - 16]
.Lstream_hal_copy_next:
    cmp rcx, 16
    jbe .Lstream_hal_copy_last
    movups xmm0, [rsi]
    movups [rdi], xmm0
    add rsi, 16
    add rdi, 16
    sub rcx, 16
    jmp .Lstream_hal_copy_next
.Lstream_hal_copy_last:
    movups [r8], xmm1
    stream_hal_ok
.Lstream_hal_copy_string:
    rep movsb
    stream_hal_ok
.Lstream_hal_copy_small:
    cmp ecx, 8
    jb .Lstream_hal_copy_below_8
    mov r8, qword ptr [rsi]
    mov r9, qword ptr [rsi + rcx - 8]
    mov qword ptr [rdi], r8
    mov qword ptr [rdi + rcx - 8], r9
    stream_hal_ok
.Lstream_hal_copy_below_8:
    cmp ecx, 4
    jb .Lstream_hal_copy_below_4
    mov r8d, dword ptr [rsi]
    mov r9d, dword ptr [rsi + rcx - 4]
    mov dword ptr [rdi], r8d
    mov dword ptr [rdi + rcx - 4], r9d
    stream_hal_ok
.Lstream_hal_copy_below_4:
    test ecx, ecx
    jz .Lstream_hal_copy_none
    movzx r8d, byte ptr [rsi]
    movzx r9d, byte ptr [rsi + rcx - 1]
    shr ecx, 1
    movzx r10d, byte ptr [rsi + rcx]
    mov byte ptr [rdi + rcx], r10b
    mov byte ptr [rdi], r8b
    mov byte ptr [rdi + rdx - 1], r9b
.Lstream_hal_copy_none:
    stream_hal_ok

    // copy_backward(to rdi, from rsi, bytes rdx): right for to > from.
    stream_hal_routine copy_backward
    mov rcx, rdx
    cmp rcx, 16
    jb .Lstream_hal_copy_small
    movups xmm1, [rsi]
.Lstream_hal_back_next:
    cmp rcx, 16
    jbe .Lstream_hal_back_last
    movups xmm0, [rsi + rcx - 16]
    movups [rdi + rcx - 16], xmm0
    sub rcx, 16
    jmp .Lstream_hal_back_next
.Lstream_hal_back_last:
    movups [rdi], xmm1
    stream_hal_ok

    // copy_streaming(to rdi, from rsi, bytes rdx): to and bytes are multiples of 64, bytes is not 0.
    stream_hal_routine copy_streaming
.Lstream_hal_stream_next:
    prefetchnta [rsi + 1024]
    movups xmm0, [rsi]
    movups xmm1, [rsi + 16]
    movups xmm2, [rsi + 32]
    movups xmm3, [rsi + 48]
    movntps [rdi], xmm0
    movntps [rdi + 16], xmm1
    movntps [rdi + 32], xmm2
    movntps [rdi + 48], xmm3
    add rsi, 64
    add rdi, 64
    sub rdx, 64
    jnz .Lstream_hal_stream_next
    sfence
    stream_hal_ok

    // fill(to rdi, pattern rsi, bytes rdx): bytes is a multiple of the pattern's period.
    stream_hal_routine fill
    cmp rdx, 16
    jb .Lstream_hal_fill_small
    movq xmm0, rsi
    punpcklqdq xmm0, xmm0
    lea r8, [rdi + rdx - 16]
    sub rdx, 64
    jb .Lstream_hal_fill_short
.Lstream_hal_fill_next:
    movups [rdi], xmm0
    movups [rdi + 16], xmm0
    movups [rdi + 32], xmm0
    movups [rdi + 48], xmm0
    add rdi, 64
    sub rdx, 64
    jae .Lstream_hal_fill_next
.Lstream_hal_fill_short:
    cmp rdi, r8
    ja .Lstream_hal_fill_last
    movups [rdi], xmm0
    add rdi, 16
    jmp .Lstream_hal_fill_short
.Lstream_hal_fill_last:
    movups [r8], xmm0
    stream_hal_ok
.Lstream_hal_fill_small:
    cmp edx, 8
    jb .Lstream_hal_fill_below_8
    mov qword ptr [rdi], rsi
    mov qword ptr [rdi + rdx - 8], rsi
    stream_hal_ok
.Lstream_hal_fill_below_8:
    cmp edx, 4
    jb .Lstream_hal_fill_below_4
    mov dword ptr [rdi], esi
    mov dword ptr [rdi + rdx - 4], esi
    stream_hal_ok
.Lstream_hal_fill_below_4:
    cmp edx, 2
    jb .Lstream_hal_fill_below_2
    mov word ptr [rdi], si
    mov word ptr [rdi + rdx - 2], si
    stream_hal_ok
.Lstream_hal_fill_below_2:
    test edx, edx
    jz .Lstream_hal_fill_none
    mov byte ptr [rdi], sil
.Lstream_hal_fill_none:
    stream_hal_ok

    // fill_streaming(to rdi, pattern rsi, bytes rdx): to and bytes are multiples of 64, bytes is not 0.
    stream_hal_routine fill_streaming
    movq xmm0, rsi
    punpcklqdq xmm0, xmm0
.Lstream_hal_fill_stream_next:
    movntps [rdi], xmm0
    movntps [rdi + 16], xmm0
    movntps [rdi + 32], xmm0
    movntps [rdi + 48], xmm0
    add rdi, 64
    sub rdx, 64
    jnz .Lstream_hal_fill_stream_next
    sfence
    stream_hal_ok

    // exchange_wide(to rdi, words rsi): the old value goes to the first two of the four words, which are what it must be
    // and what it becomes. The only one that changes a register of the caller: it is the last, and has a fix-up of its own.
    stream_hal_routine exchange_wide
    mov r8, rbx
    mov rax, qword ptr [rsi]
    mov rdx, qword ptr [rsi + 8]
    mov rbx, qword ptr [rsi + 16]
    mov rcx, qword ptr [rsi + 24]
    lock cmpxchg16b xmmword ptr [rdi]
    mov qword ptr [rsi], rax
    mov qword ptr [rsi + 8], rdx
    mov rbx, r8
    stream_hal_ok

    // Where the signal handler continues after a fault: rax is the address.
    .p2align 4
stream_hal_access_fault_wide:
    mov rbx, r8
stream_hal_access_fault:
    sfence
    mov edx, 1
    ret
stream_hal_access_end:
    .popsection
    .purgem stream_hal_routine
    .purgem stream_hal_ok
    "#
);

unsafe extern "sysv64" {
    safe static stream_hal_access_start: u8;
    safe static stream_hal_access_fault: u8;
    safe static stream_hal_access_fault_wide: u8;
    safe static stream_hal_access_end: u8;
}

macro_rules! routines {
    ($($name:ident = $symbol:literal ($($argument:ident),*);)*) => {
        unsafe extern "sysv64" {
            $(#[link_name = $symbol]
            pub(super) fn $name($($argument: u64),*) -> Answer;)*
        }
    };
}

routines! {
    load1 = "stream_hal_access_load1" (address);
    load2 = "stream_hal_access_load2" (address);
    load4 = "stream_hal_access_load4" (address);
    load8 = "stream_hal_access_load8" (address);
    store1 = "stream_hal_access_store1" (address, value);
    store2 = "stream_hal_access_store2" (address, value);
    store4 = "stream_hal_access_store4" (address, value);
    store8 = "stream_hal_access_store8" (address, value);
    add2 = "stream_hal_access_add2" (address, operand);
    add4 = "stream_hal_access_add4" (address, operand);
    add8 = "stream_hal_access_add8" (address, operand);
    swap2 = "stream_hal_access_swap2" (address, operand);
    swap4 = "stream_hal_access_swap4" (address, operand);
    swap8 = "stream_hal_access_swap8" (address, operand);
    exchange2 = "stream_hal_access_exchange2" (address, compare, new);
    exchange4 = "stream_hal_access_exchange4" (address, compare, new);
    exchange8 = "stream_hal_access_exchange8" (address, compare, new);
    exchange_wide = "stream_hal_access_exchange_wide" (address, words);
    copy_forward = "stream_hal_access_copy_forward" (to, from, bytes);
    copy_backward = "stream_hal_access_copy_backward" (to, from, bytes);
    copy_streaming = "stream_hal_access_copy_streaming" (to, from, bytes);
    fill = "stream_hal_access_fill" (to, pattern, bytes);
    fill_streaming = "stream_hal_access_fill_streaming" (to, pattern, bytes);
}

/// The code range in which a fault is ours.
pub(in super::super) fn code_range() -> std::ops::Range<usize> {
    (&raw const stream_hal_access_start).addr()..(&raw const stream_hal_access_end).addr()
}

/// Where an access that faults at this instruction continues.
pub(in super::super) fn fixup(at: usize) -> usize {
    let wide = exchange_wide as *const () as usize;
    if at < wide {
        (&raw const stream_hal_access_fault).addr()
    } else {
        (&raw const stream_hal_access_fault_wide).addr()
    }
}

/// Whether this processor has an indivisible exchange of 16 bytes.
pub(super) fn exchanges_wide() -> bool {
    std::is_x86_feature_detected!("cmpxchg16b")
}
