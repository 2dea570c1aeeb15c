namespace Folio.Compute.Cpu.Emit;

/// <summary>How a kernel begins and ends: a function of one pointer to a struct, whose fields of 8 bytes it takes into registers.</summary>
/// <remarks>Between <see cref="Enter"/> and <see cref="LoadFields"/> rax is free, for constants.</remarks>
/// <param name="used">General registers that the kernel changes, those of the fields among them.</param>
/// <param name="vectors">How many vector registers it changes, counted from 0.</param>
/// <param name="localBytes">Memory at rsp, from a multiple of 64, less than a page; rbp then holds what rsp was.</param>
internal sealed class KernelFrame(X64Assembler asm, Abi abi, Gp[] used, int vectors, int localBytes = 0)
{
    private const int VectorBytes = 16; // what is saved of one

    private readonly Gp[] _pushed = [.. abi.Saved.Intersect(localBytes > 0 ? [.. used, Gp.Rbp] : used)];
    private readonly int _firstVector = abi.SavedVectors.Start.Value, _endVector = Math.Min(abi.SavedVectors.End.Value, vectors);

    private int StackBytes => Math.Max(0, _endVector - _firstVector) * VectorBytes;

    public void Enter()
    {
        foreach (Gp register in _pushed) asm.Push(register);
        asm.Add(Gp.Rsp, -StackBytes);
        for (int vector = _firstVector; vector < _endVector; vector++) asm.MoveLow(VectorOp.Store, vector, new(Gp.Rsp, (vector - _firstVector) * VectorBytes));
        if (localBytes == 0) return;
        asm.Move(Gp.Rbp, Gp.Rsp);
        asm.Add(Gp.Rsp, -localBytes);
        asm.And(Gp.Rsp, -NativeArena.Alignment);
    }

    /// <param name="registers">One for each field, in the order of the struct.</param>
    public void LoadFields(ReadOnlySpan<Gp> registers)
    {
        for (int i = 0; i < registers.Length; i++)
        {
            if (registers[i] != abi.Argument) asm.Load(registers[i], new(abi.Argument, i * sizeof(long)));
        }

        int own = registers.IndexOf(abi.Argument); // last: the others were read through it
        if (own >= 0) asm.Load(abi.Argument, new(abi.Argument, own * sizeof(long)));
    }

    public void Return()
    {
        asm.ZeroUpper();
        if (localBytes > 0) asm.Move(Gp.Rsp, Gp.Rbp);
        for (int vector = _firstVector; vector < _endVector; vector++) asm.MoveLow(VectorOp.Load, vector, new(Gp.Rsp, (vector - _firstVector) * VectorBytes));
        asm.Add(Gp.Rsp, StackBytes);
        foreach (Gp register in _pushed.Reverse()) asm.Pop(register);
        asm.Return();
    }
}
