# find_package(DataFlow) gives the target DataFlow::plugin, which is headers alone, and
#   dataflow_add_plugin(NAME source.cc …)
# which makes the shared object NAME.so that a server loads.

include("${CMAKE_CURRENT_LIST_DIR}/DataFlowTargets.cmake")

function(dataflow_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE DataFlow::plugin)
  # A name that nobody gives is an error here, and not when the server loads it.
  target_link_options(${name} PRIVATE -Wl,--no-undefined)
endfunction()
