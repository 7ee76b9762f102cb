# bl_module(<name> SOURCES ... DEPS <modules> LIBRARIES <third party>)
#   A static library bl_<name>, alias baselined::<name>, that includes from the repository root.
#   A dependency that packaging/cmake/layers.txt does not allow is a configuration error.
# bl_test(<name> SOURCES ... DEPS <modules> LIBRARIES ... DEFINITIONS ... LABEL <label>)
#   A GoogleTest program whose tests ctest knows one by one.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/layers.txt" BL_LAYERS REGEX "^[a-z]+:")

add_library(bl_warnings INTERFACE)
target_compile_options(
  bl_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
            -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2
            $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond;-Wduplicated-branches;-Wlogical-op;-Wuseless-cast>
            # GCC 12 warns about its own std::string (its bug 105651).
            $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict>
            $<$<BOOL:${BL_WERROR}>:-Werror>)

function(bl_check_edges name)
  foreach(line IN LISTS BL_LAYERS)
    if(line MATCHES "^${name}: *(.*)$")
      string(REPLACE " " ";" allowed "${CMAKE_MATCH_1}")
      if("*" IN_LIST allowed)
        return()
      endif()
      foreach(dep IN LISTS ARGN)
        if(NOT dep IN_LIST allowed)
          message(FATAL_ERROR "${name} must not use ${dep}: packaging/cmake/layers.txt")
        endif()
      endforeach()
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "${name} is not in packaging/cmake/layers.txt")
endfunction()

# UBSan's check of vtable pointers opens a pipe to look at memory: where descriptors have run out it
# calls every object broken. Without it for what a test lets run out of descriptors.
function(bl_no_vptr_check target)
  if(BL_SANITIZE MATCHES "undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=vptr)
  endif()
endfunction()

function(bl_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;LIBRARIES")
  bl_check_edges(${name} ${arg_DEPS})
  add_library(bl_${name} STATIC ${arg_SOURCES})
  add_library(baselined::${name} ALIAS bl_${name})
  target_include_directories(bl_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  list(TRANSFORM arg_DEPS PREPEND baselined::)
  target_link_libraries(bl_${name} PUBLIC ${arg_DEPS} ${arg_LIBRARIES} PRIVATE bl_warnings)
endfunction()

# What the tests labelled "threads" need: the ThreadSanitizer lane builds this and no more.
add_custom_target(threaded_tests)

function(bl_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "SOURCES;DEPS;LIBRARIES;DEFINITIONS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  list(TRANSFORM arg_DEPS PREPEND baselined::)
  target_link_libraries(${name} PRIVATE ${arg_DEPS} ${arg_LIBRARIES} GTest::gmock GTest::gtest_main
                                        bl_warnings)
  target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
  if(BL_SANITIZE)
    target_compile_options(${name} PRIVATE -O0) # a third off the build; the code under test keeps -O1
  endif()
  if(arg_LABEL STREQUAL "threads")
    add_dependencies(threaded_tests ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES LABELS "${arg_LABEL}")
endfunction()
