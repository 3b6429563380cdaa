# find_package(DataFlow) gives the target DataFlow::plugin, which is headers alone, and
#   dataflow_add_plugin(NAME source.cc …)
# which makes the shared object NAME.so that a server loads.

include("${CMAKE_CURRENT_LIST_DIR}/DataFlowTargets.cmake")

# Without a build type CMake does not optimise, and a plug-in works on every row.
get_property(dataflow_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT dataflow_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release if none is given" FORCE)
endif()
unset(dataflow_multi_config)

function(dataflow_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE DataFlow::plugin)
  # A name that nobody gives is an error here, and not when the server loads it.
  target_link_options(${name} PRIVATE -Wl,--no-undefined)
endfunction()
