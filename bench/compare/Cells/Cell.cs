namespace Folio.Compare;

/// <summary>Something that is measured: one engine's run gives one figure or some.</summary>
/// <param name="Name">As --cells has it.</param>
/// <param name="Programs">Of llama.cpp, that it needs.</param>
/// <param name="Asked">Whether the table has a figure for the model.</param>
/// <param name="Measure">One run of one engine; <c>round</c> seeds what is drawn.</param>
internal sealed record Cell(string Name, string[] Programs, Func<Model, bool> Asked, Func<Setup, Model, Engine, int, Task<IReadOnlyList<Reading>>> Measure);

internal enum Engine
{
    Folio,
    Llama,
}

/// <summary>A figure of a run.</summary>
/// <param name="Metric">Its key: <see cref="MetricList"/> knows it.</param>
/// <param name="Plain">It is Folio's own plain way, which another of its ways is held against.</param>
internal readonly record struct Reading(string Metric, double Value, string Command, bool Plain = false);
