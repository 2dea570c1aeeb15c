using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Interop;

/// <summary>Texts as C reads them, for the length of a call.</summary>
internal sealed unsafe class NativeTexts : IDisposable
{
    private readonly List<nint> _owned = [];

    public byte* Of(string text)
    {
        nint copy = Marshal.StringToCoTaskMemUTF8(text);
        _owned.Add(copy);
        return (byte*)copy;
    }

    /// <returns>[texts.Length] pointers.</returns>
    public byte** Array(string[] texts)
    {
        nint array = Marshal.AllocCoTaskMem(Math.Max(1, texts.Length) * sizeof(nint));
        _owned.Add(array);
        for (int i = 0; i < texts.Length; i++) ((byte**)array)[i] = Of(texts[i]);
        return (byte**)array;
    }

    public void Dispose()
    {
        foreach (nint memory in _owned) Marshal.FreeCoTaskMem(memory);
    }
}
