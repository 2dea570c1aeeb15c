namespace Folio.Compute.Cpu;

/// <summary>How activations enter a product with weights.</summary>
public enum CpuActivations
{
    /// <summary>
    /// Beside quantised weights rounded to int8, each row and 32 inputs with a scale of their own, as llama.cpp does: several times the speed.
    /// Beside bf16 weights rounded to bf16, where the processor multiplies pairs of them: twice the speed. Beside others as they are.
    /// </summary>
    Rounded,

    /// <summary>As they are.</summary>
    F32,
}
