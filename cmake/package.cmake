# The Debian packages: `./dev package`, or `cpack` in a release or arm64-release build. One package a program;
# docs/decisions/0086 says why CPack, and what is stated by hand.
option(STEWARD_PACKAGE "Install rules and manual pages for the packages (release presets)" OFF)
if(NOT STEWARD_PACKAGE)
  return()
endif()

set(package_programs edge)
if(STEWARD_CLOUD)
  list(APPEND package_programs cloud sim verify)
endif()
set(page_of_edge steward-edge.8)
set(page_of_cloud steward-cloud.8)
set(page_of_sim steward-sim.1)
set(page_of_verify steward-verify.1)

# At least what `dpkg-shlibdeps` says of the amd64 programs; tests/package holds these lines to it. An arm64 program needs
# the same: both come from one Debian, and the test compares what they are linked with.
set(depends_base "libc6 (>= 2.34), libgcc-s1 (>= 3.4), libstdc++6 (>= 12)")
set(depends_mqtt "libpaho-mqtt1.3 (>= 1.3.0), libpaho-mqttpp3-1 (>= 1.2.0), libsqlite3-0 (>= 3.37.0), libssl3 (>= 3.0.0)")
set(depends_edge "${depends_base}, ${depends_mqtt}, libgpiod2 (>= 1.5), libmodbus5 (>= 3.0.4)")
set(depends_cloud "${depends_base}, ${depends_mqtt}")
set(depends_sim "${depends_base}")
set(depends_verify "${depends_base}, libssl3 (>= 3.0.0)")
set(depends_service "init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")

set(about_edge "gateway that reads meters, doors and patrol readers
steward-edge reads electricity and water meters over Modbus, DL/T 645 and
CJ/T 188, watches door controllers and patrol readers, keeps what it read in
an outbox that survives power cuts, and sends it until the cloud has signed.")
set(about_cloud "metering and billing from signed readings
steward-cloud takes signed blocks of readings from gateways into its books,
apportions shared consumption, prices it, and explains each bill down to the
register of the meter.")
set(about_sim "simulated estate that speaks the real meter protocols
steward-sim is an estate of meters, doors and readers on loopback, with faults
on demand from a seed. For development and for trying Steward out.")
set(about_verify "offline check of what a gateway has signed
steward-verify recomputes signatures, links and order of exported blocks of
readings. It needs no network, no database and no trust in whoever wrote the
file: only the file and the public key of the gateway.")

# --- files --------------------------------------------------------------------

# gzip without a name and a time inside, so that two builds give the same bytes.
set(package_folder "${PROJECT_BINARY_DIR}/package")
file(MAKE_DIRECTORY "${package_folder}")
set(package_files "")
function(package_gzip source name)
  add_custom_command(OUTPUT "${package_folder}/${name}.gz" DEPENDS "${source}"
    COMMAND gzip -9nc "${source}" > "${package_folder}/${name}.gz" VERBATIM)
  set(package_files ${package_files} "${package_folder}/${name}.gz" PARENT_SCOPE)
endfunction()

# A manual page's OPTIONS and VERBS come from the program itself, so none can be missing.
foreach(program ${package_programs})
  set(page "${package_folder}/${page_of_${program}}")
  add_custom_command(OUTPUT "${page}"
    DEPENDS steward-${program} "${PROJECT_SOURCE_DIR}/docs/man/${page_of_${program}}.in"
            "${PROJECT_SOURCE_DIR}/docs/man/page.sh"
    COMMAND sh "${PROJECT_SOURCE_DIR}/docs/man/page.sh" "${PROJECT_SOURCE_DIR}/docs/man/${page_of_${program}}.in"
            "${page}" ${CMAKE_CROSSCOMPILING_EMULATOR} "$<TARGET_FILE:steward-${program}>"
    VERBATIM)
  package_gzip("${page}" "${page_of_${program}}")
endforeach()
package_gzip("${PROJECT_SOURCE_DIR}/docs/man/steward-edge.json.5" steward-edge.json.5)
package_gzip("${PROJECT_SOURCE_DIR}/config/debian/changelog" changelog.Debian)
add_custom_target(package_files ALL DEPENDS ${package_files})

foreach(program ${package_programs})
  string(REGEX MATCH "[0-9]$" section "${page_of_${program}}")
  install(TARGETS steward-${program} DESTINATION usr/bin COMPONENT ${program})
  install(FILES "${package_folder}/${page_of_${program}}.gz" DESTINATION usr/share/man/man${section} COMPONENT ${program})
  install(FILES "${package_folder}/changelog.Debian.gz" config/debian/copyright
    DESTINATION usr/share/doc/steward-${program} COMPONENT ${program})
endforeach()
foreach(program edge cloud)
  if(NOT program IN_LIST package_programs)
    continue()
  endif()
  install(FILES config/systemd/steward-${program}.service DESTINATION lib/systemd/system COMPONENT ${program})
  install(FILES config/systemd/steward-${program}.sysusers DESTINATION usr/lib/sysusers.d
    RENAME steward-${program}.conf COMPONENT ${program})
  install(FILES config/systemd/steward-${program}.tmpfiles DESTINATION usr/lib/tmpfiles.d
    RENAME steward-${program}.conf COMPONENT ${program})
endforeach()
install(FILES config/edge.json DESTINATION etc/steward COMPONENT edge)
install(FILES config/systemd/steward-edge.udev DESTINATION lib/udev/rules.d RENAME 60-steward-edge.rules COMPONENT edge)
install(FILES "${package_folder}/steward-edge.json.5.gz" DESTINATION usr/share/man/man5 COMPONENT edge)
install(DIRECTORY drivers/profiles/ DESTINATION usr/share/steward/profiles COMPONENT edge FILES_MATCHING PATTERN "*.json")
if(STEWARD_CLOUD)
  install(FILES config/cloud.env DESTINATION etc/steward COMPONENT cloud)
endif()

# --- CPack --------------------------------------------------------------------

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL ${package_programs})
set(CPACK_PACKAGING_INSTALL_PREFIX "/")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE steward)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Steward authors <packages@steward.invalid>")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
endif()
foreach(program ${package_programs})
  string(TOUPPER ${program} NAME)
  set(CPACK_DEBIAN_${NAME}_PACKAGE_NAME steward-${program})
  set(CPACK_COMPONENT_${NAME}_DESCRIPTION "${about_${program}}")
  set(CPACK_DEBIAN_${NAME}_PACKAGE_SECTION net)
  set(CPACK_DEBIAN_${NAME}_PACKAGE_DEPENDS "${depends_${program}}")
  if(EXISTS "${PROJECT_SOURCE_DIR}/config/debian/${program}.postinst")
    string(APPEND CPACK_DEBIAN_${NAME}_PACKAGE_DEPENDS ", ${depends_service}")
    set(control "")
    foreach(script postinst prerm postrm conffiles)
      configure_file(config/debian/${program}.${script} "${package_folder}/${program}/${script}" COPYONLY)
      list(APPEND control "${package_folder}/${program}/${script}")
    endforeach()
    set(CPACK_DEBIAN_${NAME}_PACKAGE_CONTROL_EXTRA "${control}")
  endif()
endforeach()
include(CPack)
