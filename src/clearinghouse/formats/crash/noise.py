"""Which frames say nothing of a bug: they are the same for many bugs, or stand for the machinery around the program."""

from __future__ import annotations

import re

# Functions that end a program, allocate, copy or compare: whoever calls them is meant. One word each, as printed.
_NAMES = frozenset(
    """
    __abort __abort_with_payload __android_log_assert __assert __assert13 __assert2 __assert_fail
    __assert_fail_base __assert_perror_fail __assert_rtn __bad_area __bionic_clone __chk_fail __clone
    __cxa_allocate_exception __cxa_bad_cast __cxa_call_unexpected __cxa_finalize __cxa_pure_virtual __cxa_rethrow
    __cxa_throw __die __do_page_fault __dump_stack __exit __fortify_fail __fortify_fatal __GI_abort __GI_raise
    __gxx_personality_v0 __kasan_kmalloc __kasan_report __kasan_slab_free __kernel_rt_sigreturn __kernel_vsyscall
    __kill __kmalloc __libc_android_abort __libc_calloc __libc_fatal __libc_free __libc_init __libc_malloc
    __libc_message __libc_realloc __libc_start_call_main __libc_start_main __libc_start_main_impl __pthread_kill
    __pthread_kill_implementation __pthread_kill_internal __pthread_start __restore_rt __RtlUserThreadStart
    __run_exit_handlers __stack_chk_fail __start_thread __ubsan_handle __warn _abort _etext _Exit _exit
    _g_log_abort _int_free _int_malloc _int_realloc _pthread_start _RtlUserThreadStart _sigtramp _start
    _Unwind_RaiseException _Unwind_Resume abort abort_message abort_with_reason AddRef addref aligned_alloc
    asan_thread_start asm_exc_invalid_op asm_exc_page_fault asprintf async_page_fault atoi atol atoll auto
    backtrace bad_area bad_area_nosemaphore BaseThreadInitThunk bcmp bcopy begin_panic_handler bsearch bzero
    calloc cfree check_memory_region check_region_inline clone clone3 core_panic CrashOnNullPtr CrashTrampolineAsm
    custom_logger demangling_terminate_handler die do_error_trap do_general_protection do_invalid_op
    do_kern_addr_fault do_page_fault do_trap dump_backtrace dump_stack dump_stack_lvl
    entry_SYSCALL_64_after_hwframe error_entry exc_general_protection exc_invalid_op exc_page_fault exit
    exit_group ExitCallback explicit_bzero failed_throw fgets fixup_bug fprintf fputs fread free fscanf fwrite
    g_assertion_message g_assertion_message_expr g_error_free g_free g_log g_logv g_malloc g_malloc0 g_realloc
    g_return_if_fail_warning g_slice_alloc g_slice_free1 g_try_malloc general_protection get_ptr getc gsignal
    handle_bug handle_ubsan_failure heap_corruption ImmediateCrash_ invalid_op invoke_main kasan_check_range
    kasan_end_report kasan_kmalloc kasan_object_err kasan_report kasan_report_double_free kasan_report_error
    kasan_report_user_access kasan_save_stack kasan_set_track kasan_slab_alloc kasan_slab_free kasan_start_report
    kcalloc kfree kill kmalloc kmem_cache_alloc kmem_cache_free kmemdup krealloc kvfree kzalloc lkl_bug
    lkl_dump_stack LLVMFuzzerRunDriver main mainCRTStartup malloc malloc_consolidate malloc_printerr memalign
    memchr memcmp memcpy memcpy_s memmem memmove memory_is_poisoned memory_is_poisoned_1 memory_is_poisoned_n
    mempcpy memrchr memset munmap_chunk New no_context object_err oops_begin oops_end open openat operator
    operator! operator!= operator&& operator() operator* operator+ operator++ operator+= operator- operator--
    operator-> operator< operator<< operator= operator== operator> operator>> operator[] operator~ page_fault
    panic posix_memalign pread print_address_description print_report print_trailer printf pthread_kill ptr putc
    puts pwrite qsort quick_exit raise read readv realloc reallocarray recv ref Release release report_bug
    ret_from_fork RtlUserThreadStart rust_begin_unwind rust_panic safe_malloc scanf send show_stack snprintf
    sprintf sscanf stack_trace start start_thread std_panic stpcpy stpncpy strcasecmp strcat strchr strcmp strcpy
    strcspn strdup strlcat strlcpy strlen strncasecmp strncat strncmp strncpy strndup strnlen strpbrk strrchr
    strspn strstr strtod strtok strtok_r strtol strtoll strtoul strtoull sysmalloc terminate tgkill thread_start
    tkill ubsan_epilogue unlink_chunk unref valloc vasprintf vfprintf vprintf vsnprintf vsprintf vsscanf
    warn_slowpath_common warn_slowpath_fmt warn_slowpath_null wcscmp wcscpy wcsdup wcslen WinMain wmain wmemcpy
    write writev WTFCrash WTFCrashWithInfo WTFReportAssertionFailure WTFReportBacktrace wWinMain xcalloc xfree
    xmalloc xrealloc xstrdup
    """.split()  # noqa: SIM905 -- a list of words is read more easily so
)

# The beginnings of names: sanitizers and fuzzers, unwinding and logging, what a language puts around a call.
_STARTS = (
    "__asan",
    "__hwasan",
    "__msan",
    "__tsan",
    "__lsan",
    "__ubsan",
    "__sanitizer",
    "__interceptor_",
    "___interceptor_",
    "__interception",
    "_asan_",
    "asan_",
    "wrap_",
    "__aeabi_mem",
    "__memcpy",
    "__memmove",
    "__memset",
    "__memcmp",
    "__strlen",
    "__strcpy",
    "__strn",
    "__strc",
    "__strl",
    "__wcs",
    "__GI_",
    "__mem",
    "_mem",
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "memchr",
    "_platform_mem",
    "_platform_str",
    "libc_",
    "AddressSanitizer",
    "MemorySanitizer",
    "ThreadSanitizer",
    "UndefinedBehaviorSanitizer",
    "LeakSanitizer",
    "fuzzer::",
    "LLVMFuzzer",
    "fuzztest::",
    "centipede::",
    "testing::",
    "honggfuzz",
    "afl_",
    "__afl",
    "__libfuzzer",
    "fuzzing::datasource::",
    "FuzzerTest",
    "rust_fuzzer_test_input",
    "WTF::Vector<",
    "WTF::Hash",
    "WTF::LinkedHash",
    "WTF::Deque<",
    "operator()",
    "RtlpLog",
    "MemoryProtection::",
    "absl::log_internal",
    "absl::Cleanup",
    "absl::cleanup_internal",
    "absl::base_internal",
    "absl::functional_internal",
    "absl::Mutex",
    "google::LogMessage",
    "google::LogDestination",
    "google::logging",
    "google::protobuf::internal::LogMessage",
    "logging::",
    "base::debug::",
    "base::ImmediateCrash",
    "base::internal::Invoke",
    "base::OnceCallback",
    "base::RepeatingCallback",
    "base::internal::BindState",
    "base::internal::FunctorTraits",
    "base::allocator",
    "allocator_shim",
    "base::PartitionAlloc",
    "partition_alloc",
    "WTF::Partition",
    "WTF::PartitionAlloc",
    "PartitionAlloc",
    "AllocateMemory",
    "blink::ReportV8",
    "v8::api_internal",
    "v8::internal::__RT_impl_Runtime_Abort",
    "v8::internal::Runtime_Abort",
    "V8_Fatal",
    "V8_Dcheck",
    "v8::base::OS::Abort",
    "v8::base::debug",
    "v8::base::FatalOOM",
    "v8::internal::V8::FatalProcessOutOfMemory",
    "v8::Utils::ReportOOMFailure",
    "v8::base::CheckOp",
    "v8::internal::FatalProcess",
    "v8::Utils::ApiCheck",
    "v8::Utils::ReportApiFailure",
    "operator new",
    "operator delete",
    "std::__1::__function",
    "std::__Cr::__function",
    "std::__1::function",
    "std::__function",
    "std::_Function",
    "std::__invoke",
    "std::__1::__invoke",
    "std::__Cr::__invoke",
    "std::invoke",
    "std::__1::invoke",
    "__invoke",
    "__apply_tuple",
    "apply<",
    "__libcpp",
    "_LIBCPP",
    "std::__throw",
    "std::terminate",
    "__terminate",
    "std::__terminate",
    "std::panicking",
    "std::panic",
    "std::rt::",
    "std::sys",
    "std::process::abort",
    "alloc::",
    "core::",
    "_$LT$std",
    "_$LT$core",
    "_$LT$alloc",
    "rust_begin_unwind",
    "__rust",
    "__rg_",
    "__rdl",
    "rust_panic",
    "_rust",
    "libfuzzer_sys",
    "std::alloc",
    "allocate",
    "deallocate",
    "__gnu_cxx::new_allocator",
    "__construct",
    "__emplace",
    "__shared_ptr",
    "make_unique",
    "make_shared",
    "__split_buffer",
    "std::__1::allocator",
    "std::__1::__split_buffer",
    "__libc_",
    "__GI___",
    "_dl_",
    "__pthread",
    "pthread_",
    "runtime.",
    "objc_",
    "_objc",
    "CFRelease",
    "-[NS",
    "__CF",
    "NSApplication",
    "Kernel",
    "KERNEL",
    "ntdll",
    "kernel32",
    "KERNELBASE",
    "RtlReport",
    "RtlpHeap",
    "RtlFree",
    "RtlAlloc",
    "RtlDebug",
    "RtlpFree",
    "verifier",
    "AVrf",
    "Avrf",
    "VerifierStop",
    "HeapFree",
    "HeapAlloc",
    "scrt_common",
    "__scrt_",
    "_CrtDbg",
)

# What stands in a name for generated or inlined code.
_PARTS = ("logging::LogMessage", "CheckError::", "GTest_EventListener", "::operator()", "TestBody()")

# Files whose functions are of the machinery, whatever their names.
_FILES = re.compile(
    r"compiler-rt/|/src/libfuzzer/|lib/Fuzzer/|libFuzzer/src|/centipede/|/sanitizer_common/|libclang_rt|/asan_|buildtools/third_party/libc\+\+"
    r"|/libc\+\+/trunk|include/c\+\+/|/build/e?glibc|base/callback\.h|base/bind_internal\.h|/rustc/|/library/(?:std|core|alloc)/"
    r"|base/memory/scoped_refptr|base/memory/raw_ptr|<embedded stdlib>|vctools.crt|/bionic/|third_party/googletest"
    r"|partition_alloc"
)


_RUST_STANDARD = re.compile(r"(?:std|core|alloc)::.*::h[0-9a-f]{16}$")


def says_nothing(name: str, file: str) -> bool:
    """Whether a frame is left out of the state."""
    if name.startswith(("std::", "core::", "alloc::")) and _RUST_STANDARD.match(name):
        return True
    if not name or name in _NAMES or name.startswith(_STARTS):
        return True
    if any(part in name for part in _PARTS):
        return True
    return bool(file) and _FILES.search(file) is not None


_GO = ("runtime.", "panic", "testing.", "main.", "syscall.", "reflect.", "created by ", "internal/")


def says_nothing_of_go(folder: str, name: str) -> bool:
    """Whether a frame of Go is its runtime's or its caller's."""
    return (folder + name).startswith(_GO)


_KERNEL = tuple(
    """
    ___might_sleep __dump __kasan __list_ __lock_acquire __might_sleep __msan __mutex_lock __raw_spin __schedule
    __ubsan __unwind __vmalloc __warn __warn_printk _raw_read _raw_spin _raw_write apic_timer check_noncircular
    debug_ do_raw_ down_read down_write dump_ kasan_ kcsan_ kmalloc kmsan_ list_ lock_acquire lockdep_ mark_lock
    might_sleep mutex_lock nmi_ panic print_ rb_ rcu_ refcount_ run_timer save_stack sched_show_task schedule
    should_fail show_ smp_apic stack_trace_save trace_hardirqs trigger_ ubsan_ unwind_ update_process
    validate_chain vmalloc warn_alloc warn_slowpath
    """.split()  # noqa: SIM905 -- a list of words is read more easily so
)


def says_nothing_of_kernel(name: str) -> bool:
    """Whether a frame of the kernel belongs to its reporting or is a clone, whose name changes from build to build."""
    return "." in name or name.startswith(_KERNEL) or says_nothing(name, "")


_MANAGED = (
    "java.",
    "javax.",
    "sun.",
    "jdk.",
    "com.code_intelligence.jazzer",
    "org.junit.",
    "Module.",
    "Object.<anonymous>",
    "node:",
    "process.",
    "internal/",
)


def says_nothing_of_managed(name: str) -> bool:
    """Whether a frame of Java or JavaScript is the runtime's."""
    return name.startswith(_MANAGED)
