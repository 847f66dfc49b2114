import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/steps.css';
import { render } from 'preact';
import { App } from './app.js';
import { lookAround, stayOffline } from './actions/here.js';
import { takeUp } from './actions/train.js';

render(<App />, document.getElementById('page')!);
void stayOffline();
void lookAround().then(takeUp);
