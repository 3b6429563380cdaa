# What plug-ins are built with: headers alone, and how they and the program are installed.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(GLOB DATAFLOW_PLUGIN_HEADERS CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/include/dataflow/*.h")
add_library(plugin_interface INTERFACE)
target_sources(plugin_interface INTERFACE FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}/include"
  FILES ${DATAFLOW_PLUGIN_HEADERS})
target_compile_features(plugin_interface INTERFACE cxx_std_20)
set_target_properties(plugin_interface PROPERTIES EXPORT_NAME plugin VERIFY_INTERFACE_HEADER_SETS ON)

# `cmake --install BUILD` puts the program and what plug-ins need under the prefix;
# `--component plugin` only the latter.
function(dataflow_install)
  set(package "${CMAKE_INSTALL_LIBDIR}/cmake/DataFlow")
  install(TARGETS plugin_interface EXPORT DataFlowTargets
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT plugin)
  install(EXPORT DataFlowTargets NAMESPACE DataFlow:: DESTINATION "${package}" COMPONENT plugin)
  write_basic_package_version_file("${CMAKE_BINARY_DIR}/DataFlowConfigVersion.cmake"
    COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
  install(FILES "${CMAKE_SOURCE_DIR}/cmake/DataFlowConfig.cmake"
    "${CMAKE_BINARY_DIR}/DataFlowConfigVersion.cmake" DESTINATION "${package}" COMPONENT plugin)
  # Arrow and DuckDB come out of build/, so they go with the program.
  set_target_properties(dataflow PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/dataflow")
  install(FILES "$<TARGET_FILE:Arrow::arrow>" DESTINATION "${CMAKE_INSTALL_LIBDIR}/dataflow"
    COMPONENT program)
  install(FILES "${DATAFLOW_DUCKDB}/libduckdb.so" DESTINATION "${CMAKE_INSTALL_LIBDIR}/dataflow"
    COMPONENT program)
  install(TARGETS dataflow RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT program)
  install(CODE "file(CREATE_LINK dataflow \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/dataflow-cli\" SYMBOLIC)"
    COMPONENT program)
endfunction()
