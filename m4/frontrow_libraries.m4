# FRONTROW_LIBRARIES
# Finds the libraries; a missing one is named together with the Debian package that has it.

# FRONTROW_NEED(VARIABLE, pkg-config modules, Debian package)
AC_DEFUN([FRONTROW_NEED],
  [PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 is missing; on Debian: apt install $3])])])

AC_DEFUN([FRONTROW_LIBRARIES],
[
  FRONTROW_NEED([JANSSON], [jansson >= 2.7], [libjansson-dev])
  FRONTROW_NEED([HIREDIS], [hiredis >= 0.14], [libhiredis-dev])

  FRONTROW_NEED([CRYPTO], [libssl >= 3.0 libcrypto >= 3.0], [libssl-dev])
  FRONTROW_NEED([ZLIB], [zlib], [zlib1g-dev])
  FRONTROW_NEED([CURL], [libcurl >= 7.87], [libcurl4-openssl-dev])
  FRONTROW_NEED([ICAL], [libical >= 3.0.6], [libical-dev])

  # MySQL's own library and MariaDB's have the same API; with both, MySQL's is taken.
  mysql_found=no
  PKG_CHECK_MODULES([MYSQL], [mysqlclient], [mysql_found=libmysqlclient],
    [PKG_CHECK_MODULES([MYSQL], [libmariadb >= 3.3], [mysql_found=libmariadb], [:])])
  AS_IF([test "$mysql_found" = no],
    [AC_MSG_ERROR([no MySQL client library (libmysqlclient, or libmariadb from 3.3 on); on Debian: apt install libmariadb-dev (or libmysqlclient-dev)])])

  # libfcgi has had a pkg-config file only since 2.4.3.
  AC_CHECK_HEADER([fcgiapp.h], [],
    [AC_MSG_ERROR([fcgiapp.h is missing; on Debian: apt install libfcgi-dev])])
  AC_CHECK_LIB([fcgi], [FCGX_Accept_r], [AC_SUBST([FCGI_LIBS], [-lfcgi])],
    [AC_MSG_ERROR([libfcgi is missing; on Debian: apt install libfcgi-dev])])

  # Only `make check` needs CUnit.
  AC_CHECK_HEADER([CUnit/CUnit.h], [have_cunit=yes], [have_cunit=no])
  AS_IF([test "$have_cunit" = yes], [AC_SUBST([CUNIT_LIBS], [-lcunit])],
    [AC_MSG_WARN([CUnit is missing, so make check cannot build; on Debian: apt install libcunit1-dev])])
])
