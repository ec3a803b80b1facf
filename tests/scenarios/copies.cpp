// SPDX-License-Identifier: MIT
// Several copies of tenon in one process: each library and program that includes
// it has one, of another version perhaps or compiled for other containers, and a program may link two such
// libraries or open them, as Python does with its modules.
#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/version.hpp>

#include "catch.hpp"
#include "compiled.hpp"

using tests::fs::path;

namespace {

const path plugins = tests::source_directory / "tests/plugins";

std::string tag_of(std::string version) {
    std::replace(version.begin(), version.end(), '.', '_');
    return "v" + version;
}

/// The headers as another version may have them: types begin with further members.
void write_other_version(const path& include) {
    tests::fs::create_directories(include);
    tests::fs::copy(tests::source_directory / "include/tenon", include / "tenon",
                    tests::fs::copy_options::recursive);
    const auto replace = [&](const char* header, const std::string& from, const std::string& to) {
        std::string text = tests::read(include / "tenon" / header);
        REQUIRE(text.find(from) != text.npos);
        for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
            text.replace(at, from.size(), to);
        tests::write(include / "tenon" / header, text);
    };
    replace("version.hpp", tag_of(TENON_VERSION), "v0_0_9");
    replace("version.hpp", TENON_VERSION, "0.0.9");
    const std::string other = "std::string of_another_version{}; ";
    for (const auto& [header, member] :
         std::map<std::string, std::string>{{"detail/library/load_names.hpp", "std::uint64_t last_ = 0;"},
                                            {"detail/library/library.hpp", "std::vector<entry> waiting_;"},
                                            {"detail/library/plugin_code.hpp", "plugin_info info_;"},
                                            {"loader_options.hpp", "std::vector<std::string> search{};"},
                                            {"trust.hpp", "bool everyone = false;"}})
        replace(header.c_str(), member, other + member);
}

/// One way of compiling the copies, and two plugins for that toolchain.
struct kind {
    std::string name, compiler;
    std::vector<std::string> flags{};

    /// Compiles the library once, and links it under two names.
    void make_in(const path& folder) const {
        std::vector<std::string> words{compiler, "-std=c++20", "-O0",     "-fPIC",        "-c",
                                       "-Wall",  "-Wextra",    "-Werror", "-DCOPY=COPY_X"};
        words.insert(words.end(), flags.begin(), flags.end());
        words.insert(words.end(), {"-I" + (tests::source_directory / "include").native(),
                                   plugins / "copy.cpp", "-o", object(folder)});
        require(words);
        for (const std::string side : {"A", "B"}) {
            const path renamed = folder / (name + side + ".o");
            require({"objcopy", "--redefine-sym", "COPY_X=COPY_" + side, object(folder), renamed});
            require({compiler, "-shared", "-pthread", renamed, "-ldl", "-o", library(folder, side)});
        }
        for (const std::string number : {"1", "2"})
            tests::compiled(
                plugin(folder, number), plugins / "numbered.cpp",
                {"-DNUMBER=" + number, "-Wl,--build-id=none", debug() ? "-D_GLIBCXX_DEBUG" : "-UNOTHING"});
    }

    path object(const path& folder) const { return folder / (name + ".o"); }
    path library(const path& folder, const std::string& side) const { return folder / (name + side + ".so"); }
    path plugin(const path& folder, const std::string& number) const {
        return folder / ((debug() ? "debug" : "plain") + number + ".so");
    }

    static void require(const std::vector<std::string>& words) {
        const tests::outcome said = tests::run(words);
        INFO(words.front() << ": " << said.err);
        REQUIRE(said.status == 0);
    }

private:
    bool debug() const { return name == "debug"; }
};

/// All kinds of copies that this machine can make, each compiled once.
struct workshop {
    tests::scratch_directory folder;
    std::vector<kind> kinds;

    workshop() {
        const std::string first = tests::compilers().front();
        write_other_version(folder / "other");
        kinds = {{"plain", first, {}},
                 {"debug", first, {"-D_GLIBCXX_DEBUG"}},
                 {"other", first, {"-I" + (folder / "other").native()}}};
        if (tests::compilers().size() > 1)
            kinds.push_back({"compiler", tests::compilers().back(), {}});
        for (const kind& each : kinds)
            each.make_in(folder.path());
    }

    static const workshop& here() {
        static const workshop all;
        return all;
    }
};

/// The exported symbols that an object defines, each with the other columns that `readelf` prints for it.
std::map<std::string, std::string> shown(const path& object) {
    const tests::outcome said = tests::run({"readelf", "-sW", object});
    std::map<std::string, std::string> found;
    std::istringstream lines(said.out);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number, value, size, type, binding, visibility, section, name;
        if (words >> number >> value >> size >> type >> binding >> visibility >> section >> name)
            if (binding != "LOCAL" && visibility == "DEFAULT" && section != "UND")
                found[name] = type + " " + binding;
    }
    return found;
}

} // namespace

TEST_CASE("a copy's kind is the version, and whether its containers are those for debugging", "[copies]") {
#ifdef _GLIBCXX_DEBUG
    CHECK(TENON_COPY_NAME == tag_of(TENON_VERSION) + "_debug");
#else
    CHECK(TENON_COPY_NAME == tag_of(TENON_VERSION));
#endif
}

TEST_CASE("an object has no data of tenon's that another library could use, and its functions say of which "
          "kind they are",
          "[copies]") {
    // RTTI has no state, and must be shared so that exceptions can be caught. Types of the binary interface
    // are the same in each copy. The build error is the same in all copies of one kind.
    const std::regex description("_ZT[IS].*|_ZTVN5tenon2v1(5error|11build_errorB.*)E");
    const std::regex fixed("_ZZ?NK?5tenon2v1(5error|11plugin_type|12registration).*");
    const std::regex own("_Z(|GV|TV)Z?NK?5tenon.*"), tagged(".*5tenon.*v[0-9]+_[0-9]+_[0-9]+.*");
    const workshop& here = workshop::here();
    for (const kind& each : here.kinds)
        for (const auto& [name, what] : shown(each.object(here.folder.path()))) {
            const bool function = what.find("FUNC") != what.npos;
            if (name.find("5tenon") == name.npos || std::regex_match(name, function ? fixed : description))
                continue;
            INFO(each.name << ": " << what << " " << name);
            if (std::regex_match(name, own))
                CHECK((function && std::regex_match(name, tagged)));
            else if (!function)
                CHECK((what.find("WEAK") != what.npos && std::regex_match(name, tagged)));
        }
}

TEST_CASE("objects of two kinds have nothing in common that names a type of one of them", "[copies]") {
    const workshop& here = workshop::here();
    const auto names = [&](const char* name) {
        for (const kind& each : here.kinds)
            if (each.name == name)
                return shown(each.object(here.folder.path()));
        return std::map<std::string, std::string>();
    };
    const auto plain = names("plain"), debug = names("debug"), other = names("other");
    const std::regex tagged(".*v[0-9]+_[0-9]+_[0-9]+.*"),
        host(".*5tenon2v1(6detail|6loader|14loader_options|6plugin|4live|5trust).*");
    for (const auto& [name, what] : plain)
        if (debug.count(name) || other.count(name)) {
            INFO(name);
            CHECK((!std::regex_match(name, tagged) || name.find("debug") != name.npos));
            CHECK((!std::regex_match(name, host) || name.find("8exported") != name.npos));
        }
}

TEST_CASE("two copies of any kinds in one process work, linked or opened, and catch each other's errors",
          "[copies]") {
    const workshop& here = workshop::here();
    const path& folder = here.folder.path();
    const path source = plugins / "copies.cpp", program = folder / "copies";
    const std::string compiler = tests::compilers().front(),
                      include = "-I" + (tests::source_directory / "include").native();
    kind::require({compiler, "-std=c++20", include, source, "-ldl", "-o", program});
    kind::require({compiler, "-std=c++20", include, "-DLINKED", "-c", source, "-o", folder / "linked.o"});
    for (const kind& a : here.kinds)
        for (const kind& b : here.kinds) {
            const path first = a.library(folder, "A"), second = b.library(folder, "B");
            const std::vector<std::string> files{a.plugin(folder, "1"), a.plugin(folder, "2"),
                                                 b.plugin(folder, "1"), b.plugin(folder, "2")};
            const auto outcome_of = [&](const path& run, const std::vector<std::string>& more) {
                std::vector<std::string> words{run};
                words.insert(words.end(), files.begin(), files.end());
                words.insert(words.end(), more.begin(), more.end());
                const tests::outcome said =
                    tests::run(words, folder, {"TENON_CACHE=" + (folder / "cache").native()});
                return said.out + said.err + (said.status == 0 ? "" : " " + std::to_string(said.status));
            };
            INFO(a.name << " and " << b.name);
            CHECK(outcome_of(program, {"local", first, second}) == "well\n");
            CHECK(outcome_of(program, {"global", first, second}) == "well\n");
            kind::require({compiler, folder / "linked.o", "-Wl,--no-as-needed", first, second, "-o",
                           folder / "linked"});
            CHECK(outcome_of(folder / "linked", {}) == "well\n");
        }
}
