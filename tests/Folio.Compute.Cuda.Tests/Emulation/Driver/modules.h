// Modules: libraries that the emulated NVRTC has compiled, loaded from a file that is gone as soon as it is open.
#pragma once
#include "../launch.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <memory>
#include <string>
#include <unistd.h>

struct Module
{
    void* library;
    explicit Module(void* library) : library(library) {}
    Module(const Module&) = delete;
    ~Module() { dlclose(library); }
};

struct Function
{
    std::shared_ptr<Module> module;
    std::string name;
    unsigned argument_bytes, most_threads;
    const char* (*run)(const void* arguments, const Launch* launch);   // what went wrong, or ""
    unsigned most_shared_bytes = 48 << 10;
};

constexpr unsigned most_shared_bytes = 227 << 10;   // of compute capability 9.0, when asked for

// The whole length of an ELF file, which says so itself; 0: it is none of this machine's.
inline size_t image_bytes(const void* image)
{
    auto header = static_cast<const Elf64_Ehdr*>(image);
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 || header->e_shentsize != sizeof(Elf64_Shdr)) return 0;
    return header->e_shoff + static_cast<size_t>(header->e_shnum) * header->e_shentsize; // sections' headers come last
}

// Null: it can't be loaded; the reason is on stderr.
inline std::shared_ptr<Module> load_module(const void* image)
{
    size_t bytes = image_bytes(image);
    if (bytes == 0) return nullptr;
    const char* folder = getenv("TMPDIR");
    std::string path = std::string(folder != nullptr ? folder : "/tmp") + "/folio-module-XXXXXX";
    int file = mkstemp(path.data());
    if (file < 0) { perror(path.c_str()); return nullptr; }
    bool whole = write(file, image, bytes) == static_cast<ssize_t>(bytes);
    close(file);
    void* library = whole ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (library == nullptr) fprintf(stderr, "emulated card: %s\n", whole ? dlerror() : "the disk is full");
    unlink(path.c_str());
    return library == nullptr ? nullptr : std::make_shared<Module>(library);
}

// Null: the module has no such kernel.
inline std::shared_ptr<Function> find_function(const std::shared_ptr<Module>& module, const std::string& name)
{
    auto number = [&](const char* what) { auto f = reinterpret_cast<int (*)()>(dlsym(module->library, (name + what).c_str())); return f == nullptr ? 0u : static_cast<unsigned>(f()); };
    auto run = reinterpret_cast<const char* (*)(const void*, const Launch*)>(dlsym(module->library, (name + "_emulated").c_str()));
    if (run == nullptr) return nullptr;
    return std::make_shared<Function>(Function{module, name, number("_argument_bytes"), number("_most_threads"), run});
}
