/* Preloaded: writing below $FAILING_FOLDER fails while there is a file $FAILING_FLAG, with the error
 * number that it holds. Reading goes on, as on a disk that was remounted read-only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int failure(const char* path) {
  const char* folder = getenv("FAILING_FOLDER");
  if (strncmp(path, folder, strlen(folder)) != 0) return 0;
  char text[8] = "";
  const int flag = REAL(open)(getenv("FAILING_FLAG"), O_RDONLY | O_CLOEXEC);
  if (flag < 0) return 0;
  const ssize_t size = read(flag, text, sizeof text - 1);
  close(flag);
  return size > 0 ? atoi(text) : 0;
}

static int fails(int file) {
  char link[32];
  char path[PATH_MAX] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  if (readlink(link, path, sizeof path - 1) < 0) return 0;
  const int error = failure(path);
  if (error != 0) errno = error;
  return error;
}

static int fails_to_open(const char* path, int flags) {
  const int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
  const int error = writes ? failure(path) : 0;
  if (error != 0) errno = error;
  return error;
}

#define WRITE(result, name, parameters, arguments) \
  result name parameters { return fails(file) ? -1 : REAL(name) arguments; }

WRITE(ssize_t, write, (int file, const void* bytes, size_t size), (file, bytes, size))
WRITE(ssize_t, pwrite, (int file, const void* bytes, size_t size, off_t at), (file, bytes, size, at))
WRITE(ssize_t, pwrite64, (int file, const void* bytes, size_t size, off64_t at),
      (file, bytes, size, at))
WRITE(int, ftruncate, (int file, off_t size), (file, size))
WRITE(int, ftruncate64, (int file, off64_t size), (file, size))
WRITE(int, fallocate, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
WRITE(int, fallocate64, (int file, int mode, off64_t at, off64_t size), (file, mode, at, size))
WRITE(int, fsync, (int file), (file))
WRITE(int, fdatasync, (int file), (file))

#define OPEN(name)                                                   \
  int name(const char* path, int flags, ...) {                       \
    va_list rest;                                                    \
    va_start(rest, flags);                                           \
    const mode_t mode = va_arg(rest, mode_t);                        \
    va_end(rest);                                                    \
    return fails_to_open(path, flags) ? -1 : REAL(name)(path, flags, mode); \
  }

OPEN(open)
OPEN(open64)

int access(const char* path, int mode) {
  const int error = (mode & W_OK) != 0 ? failure(path) : 0;
  if (error != EROFS) return REAL(access)(path, mode);  // no other error would show here
  errno = error;
  return -1;
}

int mkostemp(char* path, int flags) {
  return fails_to_open(path, O_CREAT) ? -1 : REAL(mkostemp)(path, flags);
}
