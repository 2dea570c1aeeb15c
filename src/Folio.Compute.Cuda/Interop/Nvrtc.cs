using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Interop;

/// <summary>NVRTC, NVIDIA's run-time compiler: CUDA C++ to machine code of one card.</summary>
internal static unsafe partial class Nvrtc
{
    private const int Success = 0, CompilationFailed = 6;

    /// <summary>Major and minor version.</summary>
    public static (int Major, int Minor) Version
    {
        get
        {
            Require();
            Check(nvrtcVersion(out int major, out int minor), "nvrtcVersion");
            return (major, minor);
        }
    }

    /// <summary>Compiles one source to a cubin.</summary>
    /// <param name="name">For the compiler's messages.</param>
    /// <param name="headers">What the source may include, by name.</param>
    /// <param name="log">Warnings, and what the assembler said of registers and spills where the options ask for it.</param>
    /// <exception cref="CudaException">The source doesn't compile; the message has the compiler's own.</exception>
    public static byte[] Compile(string name, string source, IReadOnlyDictionary<string, string> headers, IReadOnlyList<string> options, out string log) =>
        Compile(name, source, headers, options, nvrtcGetCUBINSize, (program, code) => nvrtcGetCUBIN(program, (byte*)code), out log);

    /// <summary>Compiles one source to PTX, the assembler's text, for a virtual architecture (compute_80).</summary>
    public static byte[] CompileToPtx(string name, string source, IReadOnlyDictionary<string, string> headers, IReadOnlyList<string> options) =>
        Compile(name, source, headers, options, nvrtcGetPTXSize, (program, text) => nvrtcGetPTX(program, (byte*)text), out _);

    private delegate int ResultSize(nint program, out nuint size);

    private static byte[] Compile(
        string name, string source, IReadOnlyDictionary<string, string> headers, IReadOnlyList<string> options, ResultSize size, Func<nint, nint, int> read, out string log)
    {
        Require();
        using var texts = new NativeTexts();
        byte** headerTexts = texts.Array([.. headers.Values]), headerNames = texts.Array([.. headers.Keys]);
        Check(nvrtcCreateProgram(out nint program, texts.Of(source), texts.Of(name), headers.Count, headerTexts, headerNames), "nvrtcCreateProgram");
        try
        {
            int status = nvrtcCompileProgram(program, options.Count, texts.Array([.. options]));
            log = Log(program);
            if (status == CompilationFailed) throw new CudaException($"kernel {name} doesn't compile ({string.Join(' ', options)}):\n{log}");
            Check(status, $"nvrtcCompileProgram of {name}");
            Check(size(program, out nuint bytes), "the size of what NVRTC has compiled");
            byte[] result = new byte[bytes];
            fixed (byte* pointer = result) Check(read(program, (nint)pointer), "reading what NVRTC has compiled");
            return result;
        }
        finally
        {
            _ = nvrtcDestroyProgram(ref program);
        }
    }

    private static string Log(nint program)
    {
        Check(nvrtcGetProgramLogSize(program, out nuint size), "nvrtcGetProgramLogSize");
        byte[] text = new byte[size];
        fixed (byte* pointer = text) Check(nvrtcGetProgramLog(program, pointer), "nvrtcGetProgramLog");
        return System.Text.Encoding.UTF8.GetString(text).TrimEnd('\0', '\n');
    }

    private static void Require()
    {
        if (!CudaLibraries.Has(CudaLibraries.Nvrtc))
            throw new CudaException($"NVRTC, which compiles Folio's kernels for the card, isn't here ({string.Join(", ", CudaLibraries.Names(CudaLibraries.Nvrtc))}); install it (cuda-nvrtc, libnvrtc12), or name its folder in FOLIO_CUDA_PATH.");
    }

    private static void Check(int status, string what)
    {
        if (status != Success) throw new CudaException($"{what} failed: {Marshal.PtrToStringUTF8(nvrtcGetErrorString(status))}.");
    }

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcVersion(out int major, out int minor);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial nint nvrtcGetErrorString(int status);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcCreateProgram(out nint program, byte* source, byte* name, int headers, byte** headerTexts, byte** headerNames);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcDestroyProgram(ref nint program);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcCompileProgram(nint program, int options, byte** texts);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcGetCUBINSize(nint program, out nuint size);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcGetCUBIN(nint program, byte* code);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcGetPTXSize(nint program, out nuint size);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcGetPTX(nint program, byte* text);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcGetProgramLogSize(nint program, out nuint size);

    [LibraryImport(CudaLibraries.Nvrtc)]
    private static partial int nvrtcGetProgramLog(nint program, byte* text);
}
