// NVRTC, as much of it as Nvrtc.cs imports, by g++: what it compiles is a library of emulated kernels, which the emulated driver loads as its machine code. libnvrtc.so.12 for machines
// without a card. Its version's minor number is the emulation's own, so that compiled kernels kept on disk are never mixed up with a card's.
//
// Set when it is compiled: EMULATION, the folder of the emulation's headers; RUNTIME, what kernels are linked with; OPTIONS, g++'s; VERSION, the minor number.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#define CALL extern "C" __attribute__((visibility("default")))

extern char** environ;

constexpr int success = 0, out_of_memory = 1, invalid_input = 3, invalid_program = 4, compilation_failed = 6;

struct Program
{
    std::string source, name;
    std::vector<std::pair<std::string, std::string>> headers;   // names and texts
    std::string code, log;
};

static std::string read(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Waits for it. Its errors go to a file.
static bool run(const std::vector<std::string>& command, const std::string& errors)
{
    std::vector<char*> arguments;
    for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_CREAT | O_WRONLY, 0600);
    pid_t process;
    int status = posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0)
    {
        std::ofstream(errors) << arguments[0] << ": " << strerror(status) << "\n";
        return false;
    }

    return waitpid(process, &status, 0) == process && status == 0;
}

CALL const char* nvrtcGetErrorString(int status)
{
    switch (status)
    {
        case success: return "NVRTC_SUCCESS";
        case out_of_memory: return "NVRTC_ERROR_OUT_OF_MEMORY";
        case invalid_input: return "NVRTC_ERROR_INVALID_INPUT";
        case invalid_program: return "NVRTC_ERROR_INVALID_PROGRAM";
        case compilation_failed: return "NVRTC_ERROR_COMPILATION";
        default: return "NVRTC_ERROR unknown";
    }
}

CALL int nvrtcVersion(int* major, int* minor)
{
    *major = 12;
    *minor = VERSION;
    return success;
}

CALL int nvrtcCreateProgram(Program** program, const char* source, const char* name, int count, const char** texts, const char** names)
{
    *program = new Program{source, name != nullptr ? name : "default_program", {}, "", ""};
    for (int i = 0; i < count; i++) (*program)->headers.emplace_back(names[i], texts[i]);
    return success;
}

CALL int nvrtcDestroyProgram(Program** program)
{
    delete *program;
    *program = nullptr;
    return success;
}

// Of the options, definitions and the language's version count; what is for a card is passed over.
CALL int nvrtcCompileProgram(Program* program, int count, const char** options)
{
    const char* parent = getenv("TMPDIR");
    std::string folder = std::string(parent != nullptr ? parent : "/tmp") + "/folio-nvrtc-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) return out_of_memory;
    std::string source = folder + "/" + program->name, library = folder + "/library", errors = folder + "/errors";
    for (auto& header : program->headers) std::ofstream(folder + "/" + header.first) << header.second;
    std::ofstream(source) << program->source;

    std::vector<std::string> command{"g++"};
    std::istringstream words(OPTIONS);
    for (std::string word; words >> word;) command.push_back(word);
    for (int i = 0; i < count; i++)
    {
        std::string option = options[i];
        if (option.rfind("-D", 0) == 0) command.push_back(option);
        else if (option.rfind("--define-macro=", 0) == 0) command.push_back("-D" + option.substr(strlen("--define-macro=")));
        else if (option.rfind("--std=", 0) == 0) command.push_back(option.substr(1));
    }

    for (const std::string& part : {std::string("-I"), folder, std::string("-I"), std::string(EMULATION), source, std::string("-x"), std::string("none"), std::string(RUNTIME), std::string("-o"), library}) command.push_back(part);
    bool compiled = run(command, errors);
    program->log = read(errors);
    program->code = compiled ? read(library) : "";
    for (auto& header : program->headers) unlink((folder + "/" + header.first).c_str());
    for (const std::string& path : {source, library, errors}) unlink(path.c_str());
    rmdir(folder.c_str());
    return compiled ? success : compilation_failed;
}

static int size_of(const std::string& text, size_t extra, size_t* size)
{
    *size = text.size() + extra;
    return success;
}

static int copy(const std::string& text, size_t extra, char* to)
{
    memcpy(to, text.c_str(), text.size() + extra);
    return success;
}

CALL int nvrtcGetCUBINSize(Program* program, size_t* size) { return size_of(program->code, 0, size); }
CALL int nvrtcGetCUBIN(Program* program, char* code) { return copy(program->code, 0, code); }
CALL int nvrtcGetPTXSize(Program*, size_t* size) { return size_of("", 1, size); }
CALL int nvrtcGetPTX(Program*, char* text) { return copy("", 1, text); }
CALL int nvrtcGetProgramLogSize(Program* program, size_t* size) { return size_of(program->log, 1, size); }
CALL int nvrtcGetProgramLog(Program* program, char* text) { return copy(program->log, 1, text); }
