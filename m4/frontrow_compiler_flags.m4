# FRONTROW_COMPILER_FLAGS
# Hardening by default; warnings, sanitizers and coverage by switches.

AC_DEFUN([FRONTROW_SWITCH],
  [AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])], [], [enable_$1=no])])

AC_DEFUN([FRONTROW_TRY_LIBFUZZER],
  [frontrow_saved_cflags=$CFLAGS
   CFLAGS="$CFLAGS -fsanitize=fuzzer"
   AC_MSG_CHECKING([whether $CC has libFuzzer])
   AC_LINK_IFELSE([AC_LANG_SOURCE([[#include <stddef.h>
     int LLVMFuzzerTestOneInput(const char *data, size_t size) { return data == NULL && size > 0; }]])],
     [AC_MSG_RESULT([yes])],
     [AC_MSG_RESULT([no])
      AC_MSG_ERROR([--enable-fuzzers needs CC=clang and its runtime; on Debian: apt install clang libclang-rt-*-dev])])
   CFLAGS=$frontrow_saved_cflags])

AC_DEFUN([FRONTROW_COMPILER_FLAGS],
[
  FRONTROW_SWITCH([developer], [all warnings, as errors])
  FRONTROW_SWITCH([asan], [AddressSanitizer])
  FRONTROW_SWITCH([ubsan], [UndefinedBehaviorSanitizer, fatal])
  FRONTROW_SWITCH([coverage], [line coverage (gcov)])
  FRONTROW_SWITCH([fuzzers], [make fuzzers for libFuzzer, with sanitizers and llvm-cov; CC=clang])

  hardening_cflags="-fPIE -fstack-protector-strong"
  hardening_ldflags="-pie -Wl,-z,relro -Wl,-z,now"
  sanitizers=""
  AS_IF([test "$enable_asan" = yes], [sanitizers="$sanitizers -fsanitize=address"])
  AS_IF([test "$enable_fuzzers" = yes],
    [sanitizers="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
     sanitizers="$sanitizers -fprofile-instr-generate -fcoverage-mapping"
     FRONTROW_TRY_LIBFUZZER])
  AM_CONDITIONAL([LIBFUZZER], [test "$enable_fuzzers" = yes])
  AS_IF([test "$enable_ubsan" = yes],
    [sanitizers="$sanitizers -fsanitize=undefined -fno-sanitize-recover=undefined"])
  # FORTIFY_SOURCE replaces the very calls that the sanitizers watch, and needs optimisation.
  AS_IF([test -n "$sanitizers"],
    [hardening_cflags="$hardening_cflags $sanitizers -fno-omit-frame-pointer"
     hardening_ldflags="$hardening_ldflags $sanitizers"],
    [test "$enable_coverage" = yes],
    [hardening_cflags="$hardening_cflags --coverage -O0 -U_FORTIFY_SOURCE"
     hardening_ldflags="$hardening_ldflags --coverage"],
    [hardening_cflags="$hardening_cflags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])

  warnings="-Wall -Wextra"
  AS_IF([test "$enable_developer" = yes],
    [warnings="$warnings -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror"])

  AC_SUBST([FRONTROW_CFLAGS], ["-std=c11 $warnings $hardening_cflags"])
  AC_SUBST([FRONTROW_LDFLAGS], ["$hardening_ldflags"])
])
