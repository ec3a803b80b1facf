// SPDX-License-Identifier: MIT
// Hosts that import the module `tenon`, with the newest clang that there is: g++ has no modules before
// version 14, and clang none that are whole before 16.
#include <tenon/loader.hpp>

#include <regex>
#include <string>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

namespace {

using tests::fs::path;

const path include = tests::source_directory / "include";

/// The newest clang of those that can; empty where there is none.
std::string newest_clang() {
    for (int version = 30; version >= 16; --version)
        if (const std::string name = "clang++-" + std::to_string(version); tests::installed(name))
            return name;
    return "";
}

struct workshop {
    tests::scratch_directory folder;
    std::string compiler = newest_clang();

    /// Runs the compiler in the folder. A failure is the test's.
    void compile(std::vector<std::string> words) const {
        words.insert(words.begin(), {compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror"});
        const tests::outcome said = tests::run(words, folder.path());
        INFO(said.err);
        REQUIRE(said.status == 0);
    }
};

const std::string host = R"(
struct adder {
    static constexpr tenon::plugin_type type{"adder"};
    virtual ~adder() = default;
    virtual int add(int, int) = 0;
    using methods = tenon::methods<&adder::add>;
};
struct product final : adder {
    int add(int a, int b) override { return a * b; }
};
TENON_EXPORT(adder, product, "product", "1.0.0")

int main(int, char** arguments) {
    std::cout << tenon::load<adder>(arguments[1])->add(3, 4) << '\n';
    tenon::loader loader{{.search = {"/nowhere"}}};
    std::cout << loader.load<adder>("product")->add(3, 4) << '\n';
    tenon::live<adder> sums = loader.watch<adder>(arguments[1]);
    std::cout << sums->add(5, 4) << ' ' << sums.status().info.name << '\n';
    std::cout << tenon::manifest(arguments[1]).plugins().at(0).name << '\n';
    try {
        tenon::plugin<adder> none("./nowhere.so");
    } catch (const tenon::error& e) {
        std::cout << e.what() << ' ' << (e.code() == tenon::errc::system_call) << '\n';
    }
}
)";

} // namespace

TEST_CASE("a host imports tenon before or after it includes what its interfaces need", "[module]") {
    const workshop all;
    if (all.compiler.empty()) {
        WARN("no clang++ from version 16 is installed, and the module: not tested");
        return;
    }
    const std::string headers = "#include <iostream>\n#include <tenon/export.hpp>\n",
                      import = "import tenon;\n";
    tests::write(all.folder / "before.cpp", import + headers + host);
    tests::write(all.folder / "after.cpp", headers + import + host);
    tests::write(all.folder / "sum.cpp", "#include <tenon/export.hpp>\n" +
                                             host.substr(0, host.find("struct product")) +
                                             "struct sum final : adder {\n"
                                             "    int add(int a, int b) override { return a + b; }\n};\n"
                                             "TENON_EXPORT(adder, sum, \"sum\", \"1.0.0\")\n");
    tests::compiled(all.folder / "sum.so", all.folder / "sum.cpp", {}, tests::compilers().front());
    all.compile({"-I" + include.native(), "-c", include / "tenon.cpp", "-o", "tenon.o"});
    for (const std::string level : {"-O0", "-O2"}) {
        INFO(all.compiler << ' ' << level);
        all.compile(
            {"-I" + include.native(), level, "--precompile", include / "tenon.cppm", "-o", "tenon.pcm"});
        all.compile({level, "-c", "tenon.pcm", "-o", "module.o"});
        for (const std::string file : {"before", "after"}) {
            INFO(file);
            all.compile({"-I" + include.native(), level, "-fmodule-file=tenon=tenon.pcm", "-c", file + ".cpp",
                         "-o", file + ".o"});
            all.compile({file + ".o", "module.o", "tenon.o", "-pthread", "-ldl", "-o", file});
            CHECK(tests::run({all.folder / file, all.folder / "sum.so"}, all.folder.path()).out ==
                  "7\n12\n9 sum\nsum\ncannot open './nowhere.so': No such file or directory 1\n");
        }
    }
}

TEST_CASE("the module exports every type of a host's", "[module]") {
    const std::string exported = tests::read(include / "tenon.cppm");
    const std::regex host_type(R"((?:class|struct) TENON_HOST_TYPE (\w+))");
    std::size_t types = 0;
    for (const auto& entry : tests::fs::recursive_directory_iterator(include / "tenon")) {
        if (!entry.is_regular_file() || entry.path().extension() != ".hpp")
            continue;
        const std::string text = tests::read(entry.path());
        for (std::sregex_iterator found(text.begin(), text.end(), host_type), end; found != end; ++found) {
            INFO(entry.path() << ": " << (*found)[1]);
            CHECK(exported.find("using v1::" + (*found)[1].str() + ";") != exported.npos);
            ++types;
        }
    }
    CHECK(types > 20);
}
