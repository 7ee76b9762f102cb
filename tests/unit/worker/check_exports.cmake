# A plugin that baselined_add_plugin() built exports its entry symbol and nothing else.
execute_process(COMMAND "${READELF}" --dyn-syms -W "${FILE}" OUTPUT_VARIABLE symbols
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "(GLOBAL|WEAK|UNIQUE) +DEFAULT +[0-9]+ [^\n]+" exported "${symbols}")
list(TRANSFORM exported REPLACE ".* " "")
if(NOT exported STREQUAL "bl_plugin_main_v0")
  message(FATAL_ERROR "${FILE} exports: ${exported}")
endif()
