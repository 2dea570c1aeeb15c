using System.Globalization;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Compute.Cuda;

namespace Folio.Server;

/// <summary>What computes.</summary>
public sealed record DeviceOptions
{
    /// <summary>cpu; cuda or cuda:N, an NVIDIA card, counted from 0.</summary>
    public string Name { get; init; } = "cpu";

    /// <summary>Of the processor; null: one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>How a card is used.</summary>
    public CudaOptions Cuda { get; init; } = new();

    /// <exception cref="FolioException">The device isn't there, or its name not one.</exception>
    public Backend New()
    {
        if (Name == "cpu") return new CpuBackend(Threads);
        int card = CardOf(Name) ?? throw new FolioException($"the device is '{Name}'; cpu, cuda or cuda:N was expected.");
        return new CudaBackend(Cuda with { Device = card });
    }

    /// <summary>The card that a name means.</summary>
    /// <returns>Null: it means none.</returns>
    public static int? CardOf(string name) => name == "cuda" ? 0
        : name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int card) ? card
        : null;
}
