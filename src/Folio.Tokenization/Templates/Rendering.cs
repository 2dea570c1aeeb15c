using System.Runtime.CompilerServices;

namespace Folio.Tokenization.Templates;

/// <summary>The state of one rendering: what it may still spend, where it is, what time it has.</summary>
internal sealed class Rendering
{
    private readonly TemplateLimits _limits;
    private readonly Func<DateTimeOffset> _clock;
    private long _steps;
    private long _characters;
    private int _depth;

    public Rendering(TemplateLimits limits, Func<DateTimeOffset> clock)
    {
        (_limits, _clock) = (limits, clock);
        (_steps, _characters) = (limits.MaxSteps, limits.MaxCharacters);
        Keys = new PyKeyComparer(this);
    }

    /// <summary>The template's line that is being evaluated.</summary>
    public int Line { get; set; }

    /// <summary>Python's equality and hashes, for the keys of dicts.</summary>
    public IEqualityComparer<object> Keys { get; }

    public DateTimeOffset Now => _clock();

    public void Step(long count = 1)
    {
        if ((_steps -= count) < 0) throw new EvaluationException($"the template needs more than {_limits.MaxSteps} steps");
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TooDeep();
    }

    /// <summary>Pays for a pass over a text.</summary>
    public void Scan(int length) => Step(1 + length / 32);

    /// <summary>Pays for a search, whose worst case is the product of both lengths.</summary>
    public void Search(int text, int pattern) => Step(1 + text / 32 + (long)text * Math.Min(text, pattern) / 1024);

    /// <summary>Pays for a text before it is made.</summary>
    public void Characters(long count)
    {
        if (count > _limits.MaxOutput) throw TooLong();
        if ((_characters -= count) < 0) throw new EvaluationException($"the template makes more than {_limits.MaxCharacters} characters of text");
    }

    /// <summary>Pays for an addition to a text that grows to <paramref name="total"/> characters.</summary>
    public void Grow(long added, long total)
    {
        if (total > _limits.MaxOutput) throw TooLong();
        Characters(added);
    }

    public void Enter()
    {
        if (++_depth > _limits.MaxDepth) throw TooDeep();
        Step();
    }

    public void Leave() => _depth--;

    private EvaluationException TooLong() => new($"the template makes a text of more than {_limits.MaxOutput} characters");

    private EvaluationException TooDeep() => new($"the template nests more than {_limits.MaxDepth} levels deep, or deeper than the stack allows");
}
