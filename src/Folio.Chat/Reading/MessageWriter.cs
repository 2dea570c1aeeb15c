using System.Text;

namespace Folio.Chat;

/// <summary>Gathers what the readers have decided. White space at an end is held back: before a call, and after the last one, it belongs to the markup.</summary>
internal sealed class MessageWriter(ParserOptions options, Func<string> newId)
{
    private readonly HashSet<string> _tools = new((options.Tools ?? []).Select(tool => tool.Name), StringComparer.Ordinal);
    private readonly StringBuilder _piece = new();
    private readonly HeldSpace _contentSpace = new(), _reasoningSpace = new();
    private List<MessageDelta> _deltas = [];
    private DeltaKind _kind;
    private int _start = -1, _end = -1; // of the piece, in the answer

    /// <summary>Calls begun so far, dropped ones too.</summary>
    public int Calls { get; private set; }

    /// <summary>The text that comes now is reasoning.</summary>
    public bool InReasoning { get; set; }

    public bool HasContent { get; private set; }

    public bool HasReasoning { get; private set; }

    /// <summary>Calls are looked for.</summary>
    public bool AllowsCalls => options.Tools is not null;

    /// <summary>Whether a call of this name is surely meant as one, so that it is told while it is being written.</summary>
    public bool IsOffered(string name) => options.IsForced || _tools.Contains(name);

    /// <param name="start">Where the text begins in the answer.</param>
    public void Content(ReadOnlySpan<char> text, int start)
    {
        if (options.IsForced) return;
        HasContent |= Write(DeltaKind.Content, text, start, _contentSpace);
    }

    /// <summary>White space at the beginning and at the end of the reasoning is dropped.</summary>
    /// <param name="start">Where the text begins in the answer.</param>
    public void Reasoning(ReadOnlySpan<char> text, int start)
    {
        ReadOnlySpan<char> body = HasReasoning ? text : text.TrimStart();
        HasReasoning |= Write(DeltaKind.Reasoning, body, start + text.Length - body.Length, _reasoningSpace);
    }

    /// <summary>A call begins; its arguments follow.</summary>
    /// <param name="id">The model's own id; null: it gave none.</param>
    public void Call(string name, string? id)
    {
        _contentSpace.Clear();
        Flush();
        if (Calls++ < options.MaxCalls) _deltas.Add(new(DeltaKind.Call, name, Calls - 1, id ?? newId()));
    }

    /// <summary>A piece of the latest call's arguments.</summary>
    public void Arguments(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || Calls > options.MaxCalls) return;
        Begin(DeltaKind.Arguments, -1);
        _piece.Append(text);
        _end = -1;
    }

    public void End()
    {
        if (Calls > 0 || _contentSpace.Text.Length == 0) return;
        Begin(DeltaKind.Content, _contentSpace.Start);
        _piece.Append(_contentSpace.Text);
        _end = _contentSpace.Start + _contentSpace.Text.Length;
        _contentSpace.Clear();
    }

    /// <summary>What was decided since the last time.</summary>
    public IReadOnlyList<MessageDelta> Drain()
    {
        Flush();
        if (_deltas.Count == 0) return [];
        List<MessageDelta> drained = _deltas;
        _deltas = [];
        return drained;
    }

    /// <returns>Whether there was more than white space.</returns>
    private bool Write(DeltaKind kind, ReadOnlySpan<char> text, int start, HeldSpace space)
    {
        ReadOnlySpan<char> body = text.TrimEnd();
        if (!body.IsEmpty)
        {
            Begin(kind, space.EndsAt(start) ? space.Start : start);
            _piece.Append(space.Text).Append(body);
            _end = start + body.Length;
            space.Clear();
        }

        space.Add(text[body.Length..], start + body.Length);
        return !body.IsEmpty;
    }

    /// <summary>A piece is of one kind, and stands in the answer in one place.</summary>
    private void Begin(DeltaKind kind, int start)
    {
        if (_kind != kind || start != _end) Flush();
        if (_piece.Length == 0) _start = start;
        _kind = kind;
    }

    private void Flush()
    {
        if (_piece.Length == 0) return;
        _deltas.Add(new(_kind, _piece.ToString(), _kind == DeltaKind.Arguments ? Calls - 1 : -1) { Start = _start, End = _end });
        _piece.Clear();
    }
}
