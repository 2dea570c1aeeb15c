namespace Folio.Compute.Cpu.Emit;

/// <summary>A calling convention: where a function of one pointer finds it, and what its caller wants back as it was.</summary>
/// <param name="Argument">The register of the pointer.</param>
/// <param name="Saved">General registers that belong to the caller.</param>
/// <param name="SavedVectors">Vector registers whose lower 128 bits belong to the caller.</param>
internal sealed record Abi(Gp Argument, Gp[] Saved, Range SavedVectors)
{
    /// <summary>Linux and macOS.</summary>
    public static readonly Abi SystemV = new(Gp.Rdi, [Gp.Rbx, Gp.Rbp, Gp.R12, Gp.R13, Gp.R14, Gp.R15], ..0);

    /// <summary>Windows on x64. Kernels call nobody, so they owe nobody the 32 bytes of shadow space.</summary>
    public static readonly Abi Windows = new(Gp.Rcx, [Gp.Rbx, Gp.Rbp, Gp.Rsi, Gp.Rdi, Gp.R12, Gp.R13, Gp.R14, Gp.R15], 6..16);

    public static Abi OfThisSystem => OperatingSystem.IsWindows() ? Windows : SystemV;
}
