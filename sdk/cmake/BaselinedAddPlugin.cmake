# baselined_add_plugin(<name> SOURCES a.cpp ... [LIBRARIES ...] [TARGET_MINOR n])
#   A plugin, as <build>/plugins/<name>.so. It exports its entry symbol and nothing else, so that a
#   library inside one plugin never meets a library of another or of the worker. A symbol that
#   nobody defines is a link error, not a failed load at a customer's.
set(BL_PLUGIN_VERSION_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/baselined_plugin.map" CACHE INTERNAL "")

function(baselined_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TARGET_MINOR" "SOURCES;LIBRARIES")
  if(NOT arg_TARGET_MINOR)
    set(arg_TARGET_MINOR 0)
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE baselined::sdk ${arg_LIBRARIES})
  target_compile_definitions(${name} PRIVATE BL_TARGET_MINOR=${arg_TARGET_MINOR})
  set_target_properties(
    ${name}
    PROPERTIES PREFIX ""
               SUFFIX ".so"
               LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
               C_VISIBILITY_PRESET hidden
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               CXX_EXTENSIONS OFF
               POSITION_INDEPENDENT_CODE ON
               LINK_DEPENDS "${BL_PLUGIN_VERSION_SCRIPT}")
  # Unique symbols would be shared between plugins in spite of RTLD_LOCAL.
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE "LINKER:--version-script=${BL_PLUGIN_VERSION_SCRIPT}"
                      LINKER:-z,now LINKER:-z,relro LINKER:--exclude-libs,ALL)
  # A sanitizer's symbols are in the program that loads the plugin.
  if(NOT BL_SANITIZE AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_MODULE_LINKER_FLAGS}" MATCHES "-fsanitize")
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()
