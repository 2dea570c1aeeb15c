using Folio.Engine;

namespace Folio.Simulation;

/// <summary>What is simulated: a system of KV management with its limits, and how long its steps take.</summary>
internal sealed record SimulatedEngine
{
    public required ServingSystem System { get; init; }

    public required IStepCost Cost { get; init; }

    /// <summary>Blocks of the KV cache.</summary>
    public required int Blocks { get; init; }

    /// <summary>Tokens of the longest sequence.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>Tokens of a block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>The paper's: 2560 tokens and 256 sequences a step.</summary>
    public StepLimits Limits { get; init; } = new(Tokens: 2560, Sequences: 256, LogitRows: 256);

    /// <summary>See <see cref="BeamModel"/>.</summary>
    public double BeamRankWeight { get; init; } = 0.7;

    /// <summary>One of the paper's systems on one of its machines.</summary>
    public static SimulatedEngine Of(ServingSystem system, Deployment deployment, int blockSize = 16) => new()
    {
        System = system,
        Cost = deployment.Cost(HostOverhead.Paper, blockSize, system.IsPaged ? Roofline.PaperSlowdown(blockSize) : 1),
        Blocks = deployment.Blocks(blockSize),
        BlockSize = blockSize,
        MaxModelLen = deployment.Model.ContextLength,
    };
}
