using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Emit;

/// <summary>Emitted tiles of 1, 2, … rows.</summary>
[InlineArray(Capacity)]
internal unsafe struct EmittedFunctions
{
    public const int Capacity = 16;

    private nint _first;

    /// <param name="maxRows">How many to emit.</param>
    /// <param name="emit">The code for so many rows.</param>
    /// <returns>False: the system denies executable pages.</returns>
    public static bool TryCreate(ExecutableMemory memory, int maxRows, Func<int, byte[]> emit, out EmittedFunctions functions)
    {
        functions = default;
        var code = new List<byte>();
        for (int rows = 1; rows <= maxRows; rows++)
        {
            while (code.Count % NativeArena.Alignment != 0) code.Add(0xCC); // int3
            functions[rows - 1] = code.Count;
            code.AddRange(emit(rows));
        }

        nint start = (nint)memory.TryAdd([.. code]);
        for (int i = 0; i < maxRows; i++) functions[i] += start;
        return start != 0;
    }

    /// <summary>For tiles of a microsecond at most: the garbage collector, should it want to stop this thread, waits for their end.</summary>
    public readonly void CallBriefly<T>(T* tile, int rows) where T : unmanaged => ((delegate* unmanaged[SuppressGCTransition]<T*, void>)this[rows - 1])(tile);

    public readonly void Call<T>(T* tile, int rows) where T : unmanaged => ((delegate* unmanaged<T*, void>)this[rows - 1])(tile);
}
