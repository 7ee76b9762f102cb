# ccache and a fast linker where they are installed; sanitizers where asked for.
find_program(BL_CCACHE ccache)
if(BL_CCACHE)
  # Paths are relative to the checkout, so that another clone of it finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
                                  CCACHE_NOHASHDIR=1 "${BL_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
find_program(BL_MOLD mold)
if(BL_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(LINKER:--as-needed)
if(BL_SANITIZE)
  # GCC's own analysis of the library's code goes wrong under instrumentation (std::regex, frames of
  # Asio's coroutines).
  add_compile_options(-fsanitize=${BL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
                      -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  add_link_options(-fsanitize=${BL_SANITIZE})
  if(BL_SANITIZE STREQUAL "thread")
    add_compile_options(-Wno-tsan) # Asio's fences, which GCC's ThreadSanitizer does not know
  endif()
endif()
# The daemon looks for its worker beside itself: one folder for both, built or installed.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
