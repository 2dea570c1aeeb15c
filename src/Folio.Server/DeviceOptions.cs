using System.Globalization;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Compute.Cuda;

namespace Folio.Server;

/// <summary>What computes.</summary>
public sealed record DeviceOptions
{
    internal const string Names = "cpu, cuda or cuda:N";

    /// <summary>What products of a card may be fed with, by the names of vLLM's --dtype; null: as the weights are stored.</summary>
    internal static IReadOnlyList<(string Name, DType? Type)> ProductTypes { get; } =
        [("auto", null), ("half", DType.F16), ("float16", DType.F16), ("bfloat16", DType.BF16), ("float", DType.F32), ("float32", DType.F32)];

    /// <summary>cpu; cuda or cuda:N, an NVIDIA card, counted from 0.</summary>
    public string Name { get; init; } = "cpu";

    /// <summary>Of the processor; null: one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether the processor's products with quantised and bf16 weights round their inputs; null: where that is faster.</summary>
    public CpuActivations? Activations { get; init; }

    /// <summary>How a card is used.</summary>
    public CudaOptions Cuda { get; init; } = new();

    /// <summary>Whether something computes that is called so; whether it is here is another question.</summary>
    internal static bool IsName(string name) => name == "cpu" || CardOf(name) is not null;

    /// <exception cref="FolioException">The device isn't there, or its name not one.</exception>
    public Backend New()
    {
        if (Name == "cpu") return new CpuBackend(Threads, activations: Activations);
        int card = CardOf(Name) ?? throw new FolioException($"--device (Device) is '{Name}'; {Names} was expected.");
        return new CudaBackend(Cuda with { Device = card });
    }

    /// <summary>The card that a name means.</summary>
    /// <returns>Null: it means none.</returns>
    private static int? CardOf(string name) => name == "cuda" ? 0
        : name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int card) ? card
        : null;
}
