using System.Text;
using Folio.Chat;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Reads the choices of a chat token by token, and tells of several tokens together: what is counted is a function of the answer, however it is paced.</summary>
/// <param name="interval">Tokens that are told together (<see cref="OutputPacer"/>).</param>
/// <param name="choices">Read by their index.</param>
internal sealed class ChatPacer(int interval, IReadOnlyList<ChatChoiceReader> choices)
{
    private readonly OutputPacer _pacer = new(interval);
    private readonly Held[] _held = [.. choices.Select(_ => new Held())];

    /// <returns>The tokens that are to be told of now, and what the message has gained with them; null while there is more to wait for.</returns>
    public (GenerationOutput Output, IReadOnlyList<MessageDelta> Deltas)? Read(GenerationOutput output)
    {
        IReadOnlyList<MessageDelta> deltas = choices[output.Index].Read(output);
        if (interval == 1) return (output, deltas);
        Held held = _held[output.Index];
        foreach (MessageDelta delta in deltas) held.Add(delta);
        return _pacer.Take(0, output) is { } due ? (due, held.Take()) : null;
    }

    /// <summary>What a message has gained and hasn't been told of: pieces of one part are one.</summary>
    private sealed class Held
    {
        private readonly List<MessageDelta> _deltas = [];
        private readonly StringBuilder _text = new(); // the last one's

        public void Add(MessageDelta delta)
        {
            bool continues = _deltas.Count > 0 && delta.Kind != DeltaKind.Call && (_deltas[^1].Kind, _deltas[^1].Index) == (delta.Kind, delta.Index);
            if (!continues)
            {
                EndLast();
                _deltas.Add(delta);
            }

            _text.Append(delta.Text);
        }

        public MessageDelta[] Take()
        {
            EndLast();
            MessageDelta[] all = [.. _deltas];
            _deltas.Clear();
            return all;
        }

        private void EndLast()
        {
            if (_deltas.Count > 0) _deltas[^1] = _deltas[^1] with { Text = _text.ToString() };
            _text.Clear();
        }
    }
}
