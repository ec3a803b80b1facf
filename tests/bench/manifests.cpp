// SPDX-License-Identifier: MIT
// The time to find the plugins in many libraries, in several ways that take turns. Each line of output has a
// way, and for each round its nanoseconds for each library.
//
//     manifests ROUNDS COUNT FOLDER [FOLDER_OF_QT_PLUGINS]     the libraries are 0.so and so on
#include <tenon/manifest.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#ifdef BENCH_QT
#include <QJsonObject>
#include <QPluginLoader>
#endif

namespace {

/// The minimum that finds a manifest: the first page, and the notes in it.
bool bare_read(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char page[4096];
    const ssize_t size = ::read(fd, page, sizeof page);
    ::close(fd);
    if (size != sizeof page)
        return false;
    Elf64_Ehdr header;
    std::memcpy(&header, page, sizeof header);
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        const std::size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
        Elf64_Phdr segment;
        if (at + sizeof segment > sizeof page)
            return false;
        std::memcpy(&segment, page + at, sizeof segment);
        if (segment.p_type == PT_NOTE && segment.p_offset + segment.p_filesz <= sizeof page &&
            std::string_view(page + segment.p_offset, segment.p_filesz).find("tenon") !=
                std::string_view::npos)
            return true;
    }
    return false;
}

bool by_dlopen(const std::string& path) {
    void* const library = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    const bool found = library && ::dlsym(library, "tenon_exports_v1");
    if (library)
        ::dlclose(library);
    return found;
}

#ifdef BENCH_QT
bool by_qt(const std::string& path) {
    const QPluginLoader loader(QString::fromStdString(path));
    return !loader.metaData().isEmpty();
}
#endif

} // namespace

int main(int count, char** arguments) {
    if (count < 4)
        return std::fputs("usage: manifests ROUNDS COUNT FOLDER [FOLDER_OF_QT_PLUGINS]\n", stderr), 2;
    const int rounds = std::atoi(arguments[1]), libraries = std::atoi(arguments[2]);
    struct way {
        const char* name;
        std::function<bool(const std::string&)> found;
        std::string folder;
        std::vector<double> times{};
    };
    std::vector<way> ways{
        {"bare", bare_read, arguments[3]},
        {"tenon", [](const std::string& path) { return tenon::manifest(path).plugins().size() == 1; },
         arguments[3]},
        {"dlopen", by_dlopen, arguments[3]}};
#ifdef BENCH_QT
    if (count > 4)
        ways.push_back({"qt", by_qt, arguments[4]});
#endif
    // One round more than is counted, so that all files are in the page cache.
    for (int round = 0; round <= rounds; ++round)
        for (way& each : ways) {
            std::vector<std::string> paths;
            for (int i = 0; i < libraries; ++i)
                paths.push_back(each.folder + "/" + std::to_string(i) + ".so");
            int found = 0;
            const auto begin = std::chrono::steady_clock::now();
            for (const std::string& path : paths)
                found += each.found(path);
            const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
            if (found != libraries)
                return std::fprintf(stderr, "manifests: %s finds %d of %d\n", each.name, found, libraries), 1;
            if (round > 0)
                each.times.push_back(took.count() / libraries);
        }
    for (const way& each : ways) {
        std::fputs(each.name, stdout);
        for (const double time : each.times)
            std::printf(" %.1f", time);
        std::puts("");
    }
}
