# bl_embed_texts(<target> <namespace::function> FILES <files>)
#   Compiles text files into <target>, behind a function that answers them in the given order:
#   std::span<const std::string_view> namespace::function();
#   The caller declares the function itself. A changed file is compiled in again by the build.
#
# Run as a script (cmake -P) this file writes that source: the build does so.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  string(REPLACE "|" ";" files "${BL_EMBED_FILES}")
  string(REGEX REPLACE "::[^:]*$" "" namespace "${BL_EMBED_FUNCTION}")
  string(REGEX REPLACE "^.*::" "" function "${BL_EMBED_FUNCTION}")
  set(texts "")
  foreach(file IN LISTS files)
    file(READ "${file}" text)
    string(APPEND texts "    R\"bl_embed(${text})bl_embed\",\n")
  endforeach()
  list(LENGTH files count)
  file(
    WRITE "${BL_EMBED_OUTPUT}"
    "// Generated from text files by packaging/cmake/embed.cmake.\n"
    "#include <array>\n#include <span>\n#include <string_view>\n\n"
    "namespace ${namespace} {\n"
    "namespace {\nconstexpr std::array<std::string_view, ${count}> kTexts{\n${texts}};\n}\n\n"
    "std::span<const std::string_view> ${function}();\n"
    "std::span<const std::string_view> ${function}() { return kTexts; }\n\n"
    "}  // namespace ${namespace}\n")
  return()
endif()

set(BL_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(bl_embed_texts target function)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "FILES")
  list(TRANSFORM arg_FILES REPLACE "^([^/].*)$" "${CMAKE_CURRENT_SOURCE_DIR}/\\1")
  list(JOIN arg_FILES "|" joined)
  string(REPLACE "::" "_" stem "${function}")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${stem}.cpp")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DBL_EMBED_FUNCTION=${function}" "-DBL_EMBED_FILES=${joined}"
            "-DBL_EMBED_OUTPUT=${output}" -P "${BL_EMBED_SCRIPT}"
    DEPENDS ${arg_FILES} "${BL_EMBED_SCRIPT}"
    VERBATIM
    COMMENT "Embedding ${function}")
  target_sources(${target} PRIVATE "${output}")
endfunction()
