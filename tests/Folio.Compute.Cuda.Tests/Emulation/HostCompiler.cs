using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Tests.Emulation;

/// <summary>g++, which compiles the emulation and the kernels that run in it.</summary>
internal static class HostCompiler
{
    /// <summary>What a kernel is compiled with. Without -fno-gnu-unique the loader would give all libraries one block between them, and tests run at once.</summary>
    public static readonly string[] KernelOptions = ["-x", "c++", "-std=c++17", "-O2", "-shared", "-fPIC", "-fno-gnu-unique", "-Wall", "-Wno-unknown-pragmas", "-Wno-maybe-uninitialized", "-Werror"];

    /// <summary>The headers of the emulation.</summary>
    public static string EmulationFolder => Path.Combine(AppContext.BaseDirectory, "Emulation");

    /// <summary>Why there is no emulation on this machine, or null.</summary>
    public static string? Missing
    {
        get
        {
            if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) return "kernels are emulated on Linux on x86-64 only";
            bool here = Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "g++")));
            return here ? null : "g++, which compiles the emulated kernels, isn't here";
        }
    }

    /// <summary>What all kernels share, compiled once: a kernel is linked with it.</summary>
    public static string CompileRuntime(string folder)
    {
        string path = Path.Combine(folder, "emulation.o");
        Run(["-std=c++17", "-O2", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", "-r", "-nostdlib", .. Directory.EnumerateFiles(EmulationFolder, "*.cpp"), "-o", path]);
        return path;
    }

    /// <exception cref="InvalidOperationException">It doesn't compile; the message has the compiler's own.</exception>
    public static void Run(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("g++", arguments) { RedirectStandardError = true };
        using Process compiler = Process.Start(start)!;
        string errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        if (compiler.ExitCode != 0) throw new InvalidOperationException(errors);
    }
}
