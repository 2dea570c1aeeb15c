namespace Folio.Compute.Cpu;

/// <summary>How activations enter a product with quantised weights.</summary>
public enum CpuActivations
{
    /// <summary>Rounded to int8, each row and 32 inputs with a scale of their own, as llama.cpp does: several times the speed.</summary>
    Int8,

    /// <summary>As they are.</summary>
    F32,
}
