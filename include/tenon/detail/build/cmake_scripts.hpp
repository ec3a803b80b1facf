// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_CMAKE_SCRIPTS_HPP
#define TENON_DETAIL_BUILD_CMAKE_SCRIPTS_HPP

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/options.hpp>
#include <tenon/version.hpp>

#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What a CMakeLists.txt finds in the package `tenon`, besides the target. tenon's own CMakeLists.txt takes
/// it from here for the package that is installed.
inline constexpr std::string_view cmake_functions =
    R"cmake(# tenon_add_plugin(NAME SOURCES SOURCE... [OUTPUT_DIRECTORY DIRECTORY])
#
# A library with plugins, NAME.so, as tenon's loader compiles them: it can be unloaded, and shows its host nothing but what
# TENON_EXPORT does. It stands in the OUTPUT_DIRECTORY, else in CMAKE_LIBRARY_OUTPUT_DIRECTORY, else where CMake puts
# libraries: name one of them in the host's options.search. The target's property TENON_PLUGIN is true.
function(tenon_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 plugin "" OUTPUT_DIRECTORY SOURCES)
    if(NOT plugin_SOURCES OR plugin_UNPARSED_ARGUMENTS OR plugin_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "tenon_add_plugin(NAME SOURCES SOURCE... [OUTPUT_DIRECTORY DIRECTORY]) was called as "
                            "tenon_add_plugin(${name} ${ARGN})")
    endif()
    add_library(${name} MODULE ${plugin_SOURCES})
    target_link_libraries(${name} PRIVATE tenon::tenon)
    set_target_properties(${name} PROPERTIES
        TENON_PLUGIN TRUE PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN TRUE)
    # g++ makes the static variables of inline functions unique in the process, and a library with one stays for good.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    # What is missing is found out here and not by the host; but clang leaves a sanitizer's functions to the program.
    string(TOUPPER "${CMAKE_BUILD_TYPE}" configuration)
    if(NOT (CMAKE_CXX_COMPILER_ID MATCHES Clang AND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${configuration}}" MATCHES "-fsanitize="))
        set(sanitizers "$<FILTER:$<TARGET_PROPERTY:${name},COMPILE_OPTIONS>,INCLUDE,^-fsanitize=>")
        target_link_options(${name} PRIVATE
            "$<$<NOT:$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:${sanitizers}>>>:LINKER:-z,defs>")
    endif()
    if(plugin_OUTPUT_DIRECTORY)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${plugin_OUTPUT_DIRECTORY}")
    endif()
endfunction()
)cmake";

/// What CMake runs before a project's own commands. It writes down which libraries there are when all of them
/// are known.
inline constexpr std::string_view cmake_beginning = R"cmake(
include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/options.cmake")
add_link_options(${tenon_link_options}) # before those of a target, which may say otherwise

function(tenon_libraries_in directory)
    get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
        get_target_property(type "${target}" TYPE)
        if(type MATCHES "^(MODULE|SHARED)_LIBRARY$")
            set_property(TARGET "${target}" APPEND PROPERTY LINK_OPTIONS
                "LINKER:--dependency-file=${tenon_folder}/linked/${target}.d")
            get_target_property(plugin "${target}" TENON_PLUGIN)
            if(NOT plugin)
                set(plugin FALSE)
            endif()
            set_property(GLOBAL APPEND_STRING PROPERTY tenon_libraries
                "library ${type} ${plugin} ${target}\n$<TARGET_FILE:${target}>\n")
        endif()
    endforeach()
    get_property(inside DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
    foreach(each IN LISTS inside)
        tenon_libraries_in("${each}")
    endforeach()
endfunction()

function(tenon_tell)
    tenon_libraries_in("${CMAKE_SOURCE_DIR}")
    get_property(libraries GLOBAL PROPERTY tenon_libraries)
    file(GENERATE OUTPUT "${tenon_folder}/libraries" CONTENT "modules ${CMAKE_ROOT}\n${libraries}")
endfunction()

cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL tenon_tell)
)cmake";

/// A text as one argument that CMake takes as it is.
inline std::string cmake_argument(std::string_view text) {
    std::string marks = "=";
    while (text.find(']' + marks) != text.npos)
        marks += '=';
    // A line break that follows at once would not count.
    return '[' + marks + '[' + std::string(text) + ']' + marks + ']';
}

/// Words as one text of CMake's that a shell takes apart into these again, and CMake before it.
inline std::string cmake_shell_words(const word_list& words) {
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "" : " ";
        for (const char c : in_shell_quotes(word))
            text += c == ';' ? "\\;" : c == ',' ? "$<COMMA>" : c == '>' ? "$<ANGLE-R>" : std::string(1, c);
    }
    return text;
}

/// What is the same for all builds of one directory.
struct cmake_settings {
    std::string directory;
    word_list program_words; ///< what runs the compiler, and the compiler
    compiler_traits traits;
    word_list compile, link; ///< flags of the host's, of any kind
    word_list folders;       ///< with headers, for all targets
    profile wanted;
    std::string target;
};

/// The package `tenon` as find_package finds it: the host's own headers.
inline std::string cmake_package(const cmake_settings& given) {
    std::string includes;
    for (const std::string& folder : given.folders)
        includes += ' ' + cmake_argument(folder);
    return "if(NOT TARGET tenon::tenon)\n    add_library(tenon::tenon INTERFACE IMPORTED)\n"
           "    target_include_directories(tenon::tenon INTERFACE" +
           includes +
           ")\n    target_compile_features(tenon::tenon INTERFACE cxx_std_20)\n"
           "    set_target_properties(tenon::tenon PROPERTIES IMPORTED_NO_SYSTEM TRUE)\nendif()\n" +
           std::string(cmake_functions);
}

inline std::string cmake_package_version() {
    const std::string_view version = TENON_VERSION;
    const std::string minor(version.substr(0, version.rfind('.')));
    return "set(PACKAGE_VERSION " + std::string(version) +
           ")\nset(wanted \"${PACKAGE_FIND_VERSION_MAJOR}.${PACKAGE_FIND_VERSION_MINOR}\")\n"
           "if(NOT PACKAGE_FIND_VERSION OR (wanted STREQUAL \"" +
           minor +
           "\" AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION))\n"
           "    set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n"
           "if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)\n"
           "    set(PACKAGE_VERSION_EXACT TRUE)\nendif()\n";
}

/// Flags of any kind, which CMake's checks of the compiler do not see.
inline std::string cmake_options(const cmake_settings& given) {
    std::string text = "include_directories(BEFORE";
    for (const std::string& folder : given.folders)
        text += ' ' + cmake_argument(folder);
    text += ")\n";
    if (!given.compile.empty())
        text += "add_compile_options(" +
                cmake_argument("$<$<COMPILE_LANGUAGE:CXX>:SHELL:" + cmake_shell_words(given.compile) + '>') +
                ")\n";
    if (!given.link.empty())
        text += "add_link_options(" + cmake_argument("SHELL:" + cmake_shell_words(given.link)) + ")\n";
    return text;
}

/// The C compiler of a C++ compiler's family, so that what both compile can be linked.
template <class System = posix>
std::string c_compiler_beside(const std::string& cxx) {
    std::string name(basename(cxx));
    for (const auto& [plus, plain] : {std::pair{"clang++", "clang"}, {"g++", "gcc"}})
        if (const auto at = name.rfind(plus); at != name.npos) {
            name.replace(at, std::string_view(plus).size(), plain);
            return find_program<System>(join(parent(cxx), name)).value_or("");
        }
    return "";
}

/// The variables that CMake begins with, for a tree in `folder`.
template <class System = posix>
std::string cmake_variables(const cmake_settings& given, const std::string& folder) {
    std::string text;
    const auto set = [&](std::string_view name, std::string_view value) {
        text.append("set(")
            .append(name)
            .append(" ")
            .append(cmake_argument(value))
            .append(" CACHE STRING \"\")\n");
    };
    word_list words = given.program_words;
    const std::string compiler = find_program<System>(words.back()).value_or(words.back());
    words.pop_back();
    set("CMAKE_CXX_COMPILER", compiler);
    if (!words.empty())
        for (const char* variable : {"CMAKE_CXX_COMPILER_LAUNCHER", "CMAKE_C_COMPILER_LAUNCHER"})
            set(variable, joined(words, ";"));
    if (const std::string c = c_compiler_beside<System>(compiler); !c.empty())
        set("CMAKE_C_COMPILER", c);
    // CMake's checks of the compiler see these too.
    const word_list flags = plugin_flags(given.traits);
    word_list of_c{"-fPIC", "-fvisibility=hidden"};
    std::copy_if(flags.begin(), flags.end(), std::back_inserter(of_c), is_sanitizer);
    set("CMAKE_CXX_FLAGS", joined(flags, " "));
    set("CMAKE_C_FLAGS", joined(of_c, " "));
    set("CMAKE_CXX_STANDARD", __cplusplus > 202302L ? "26" : __cplusplus > 202002L ? "23" : "20");
    set("CMAKE_CXX_EXTENSIONS", language_flag().find("gnu") != std::string::npos ? "ON" : "OFF");
    set("CMAKE_POSITION_INDEPENDENT_CODE", "ON");
    set("CMAKE_BUILD_TYPE", given.wanted == profile::quick ? "Debug" : "RelWithDebInfo");
    // Clang leaves a sanitizer's symbols to the host's executable.
    set("tenon_link_options", given.traits.clang && of_c.size() > 2 ? "" : "LINKER:-z,defs");
    for (const char* kind : {"CMAKE_MODULE_LINKER_FLAGS", "CMAKE_SHARED_LINKER_FLAGS"})
        text.append("set(").append(kind).append(
            " \"\" CACHE STRING \"\" FORCE)\n"); // they come after a target's own
    set("CMAKE_VERBOSE_MAKEFILE", "ON");
    set("CMAKE_COLOR_DIAGNOSTICS", "OFF");
    set("CMAKE_FIND_USE_PACKAGE_REGISTRY", "OFF");
    set("CMAKE_PROJECT_TOP_LEVEL_INCLUDES", join(folder, "begin.cmake"));
    set("tenon_DIR", folder);
    set("tenon_folder", folder);
    return text;
}

/// Writes all that CMake is told into the `folder` of a new tree.
template <class System = posix>
void write_cmake_scripts(const cmake_settings& given, const std::string& folder) {
    const std::pair<const char*, std::string> scripts[] = {
        {"settings.cmake", cmake_variables<System>(given, folder)},
        {"options.cmake", cmake_options(given)},
        {"begin.cmake", std::string(cmake_beginning)},
        {"tenonConfig.cmake", cmake_package(given)},
        {"tenonConfigVersion.cmake", cmake_package_version()}};
    for (const auto& [name, text] : scripts) {
        const std::string path = join(folder, name);
        basic_file<System>(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600).write(path, text);
    }
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
